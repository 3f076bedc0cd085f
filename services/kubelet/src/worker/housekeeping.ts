import { sleep } from "@flotilla/base";
import { messageOf } from "../errors.ts";
import { orphan } from "../pods/orphan.ts";
import type { PodSources } from "../sources/pod-sources.ts";
import type { Kit } from "./kit.ts";
import type { PodWorkers } from "./workers.ts";

const PERIOD_MS = 2_000;

/** Every two seconds: stop pods nobody wants any more, remove what pods that are gone left behind. */
export async function runHousekeeping(kit: Kit, sources: PodSources, workers: PodWorkers, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(kit.clock, PERIOD_MS, signal);
    if (signal.aborted || !sources.ready()) continue;
    try {
      stopOrphans(kit, workers);
      await removeStrayFolders(kit, workers);
      await sources.removeStrayMirrors();
    } catch (error) {
      kit.log.warn("housekeeping failed", { error: messageOf(error) });
    }
  }
}

/** Pods the runtime runs for us that are desired no more, e.g. deleted while we were down. */
function stopOrphans(kit: Kit, workers: PodWorkers): void {
  for (const observed of kit.observer.known()) {
    if (workers.get(observed.uid)) continue;
    kit.log.info("stopping pod that is not desired any more", { pod: `${observed.namespace}/${observed.name}`, uid: observed.uid });
    workers.update(orphan(observed));
    workers.remove(observed.uid);
  }
}

async function removeStrayFolders(kit: Kit, workers: PodWorkers): Promise<void> {
  for (const uid of await kit.volumes.known()) {
    if (!workers.get(uid) && !kit.observer.peek(uid)) await kit.volumes.remove(uid);
  }
}
