import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Clock, sleep } from "@flotilla/base";
import type { Cluster } from "../cluster.ts";
import type { ComponentStatus } from "../machines/machine.ts";

/** The file a component's log goes to: its own, or its container's newest. */
export function logFile(cluster: Cluster, component: ComponentStatus): string | undefined {
  const folder = cluster.layout.machine(component.machine);
  const supervised = cluster.machine(component.machine)?.find(component.component);
  if (supervised) return supervised.spec.logFile;
  if (!existsSync(folder.podLogs)) return undefined;
  const files = readdirSync(folder.podLogs)
    .filter((name) => name.startsWith("kube-system_"))
    .map((name) => join(folder.podLogs, name, component.component))
    .filter((path) => existsSync(path))
    .flatMap((path) => readdirSync(path).map((name) => join(path, name)))
    .filter((path) => existsSync(path));
  return files.sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs).at(-1);
}

/** A line of a container's log as the container wrote it: CRI puts "time stream tag " before. */
const CRI_PREFIX = /^\S+ (stdout|stderr) [FP] /gm;

const FOLLOW_POLL_MS = 200;
const CHUNK_BYTES = 64 * 1024;

/** The last `tail` lines (-1: all), then what is added while `signal` is not aborted. */
export async function* readLog(file: string, tail: number, follow: boolean, clock: Clock, signal: AbortSignal): AsyncGenerator<Buffer> {
  const clean = (text: string) => Buffer.from(text.replace(CRI_PREFIX, ""));
  const text = readFileSync(file, "utf8");
  const lines = text.split("\n");
  yield clean(tail < 0 ? text : lines.slice(-tail - 1).join("\n"));
  if (!follow) return;
  const fd = openSync(file, "r");
  try {
    let at = Buffer.byteLength(text);
    const chunk = Buffer.alloc(CHUNK_BYTES);
    while (!signal.aborted) {
      const size = fstatSync(fd).size;
      if (size < at) at = 0;
      const count = size > at ? readSync(fd, chunk, 0, Math.min(CHUNK_BYTES, size - at), at) : 0;
      at += count;
      if (count > 0) yield clean(chunk.toString("utf8", 0, count));
      else await sleep(clock, FOLLOW_POLL_MS, signal);
    }
  } finally {
    closeSync(fd);
  }
}
