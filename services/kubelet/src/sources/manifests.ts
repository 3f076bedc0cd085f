import { type FSWatcher, watch } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "@flotilla/api";
import { type Clock, type Logger, sleep } from "@flotilla/base";
import { parseManifest } from "./static-pod.ts";

/** Editors write, rename and touch: wait until the folder is quiet. */
const SETTLE_MS = 50;

/** Reads the manifests of a folder (or one file) now, on each change, and every `period_ms`. */
export async function watchManifests(
  ports: { clock: Clock; log: Logger },
  path: string,
  nodeName: string,
  period_ms: number,
  deliver: (pods: Pod[]) => void,
  signal: AbortSignal,
): Promise<void> {
  let wake = new AbortController();
  let watcher: FSWatcher | undefined;
  const listen = () => {
    if (watcher) return;
    try {
      watcher = watch(path, () => wake.abort());
      watcher.on("error", () => {
        watcher?.close();
        watcher = undefined;
      });
    } catch {
      // Not there yet: the next period looks again.
    }
  };
  while (!signal.aborted) {
    listen();
    wake = new AbortController();
    const pods = await readManifests(ports, path, nodeName);
    if (pods) deliver(pods);
    await sleep(ports.clock, period_ms, AbortSignal.any([wake.signal, signal]));
    if (wake.signal.aborted) await sleep(ports.clock, SETTLE_MS, signal);
  }
  watcher?.close();
}

/** Undefined when the folder cannot be read: then what runs goes on running. */
async function readManifests(ports: { clock: Clock; log: Logger }, path: string, nodeName: string): Promise<Pod[] | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return [];
  try {
    const names = found.isDirectory() ? (await readdir(path)).filter((n) => !n.startsWith(".")).sort() : [""];
    const pods: Pod[] = [];
    for (const name of names) {
      const file = name === "" ? path : join(path, name);
      if (!(await stat(file)).isFile()) continue;
      try {
        pods.push(...parseManifest(await readFile(file, "utf8"), file, nodeName, ports.clock.now()));
      } catch (error) {
        ports.log.error("manifest cannot be used", { file, error: (error as Error).message });
      }
    }
    return pods;
  } catch (error) {
    ports.log.warn("manifests cannot be read", { path, error: (error as Error).message });
    return undefined;
  }
}
