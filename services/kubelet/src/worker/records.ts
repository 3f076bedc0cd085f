import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "@flotilla/api";
import { podLogDirectory } from "../containers/sandbox-config.ts";
import type { ObservedContainer, ObservedPod } from "../cri/observed.ts";
import { isRpcNotFound } from "../errors.ts";
import type { Kit } from "./kit.ts";

/** The newest record of a container and the one before it, for lastState and `kubectl logs --previous`. */
const KEPT_PER_CONTAINER = 2;

/** Dead containers beyond those kept, and sandboxes nothing refers to any more. Pure. */
export function oldRecords(observed: ObservedPod): { containers: ObservedContainer[]; sandboxes: string[] } {
  const seen = new Map<string, number>();
  const containers = observed.containers.filter((c) => {
    const count = (seen.get(c.name) ?? 0) + 1;
    seen.set(c.name, count);
    return count > KEPT_PER_CONTAINER && c.state !== "running";
  });
  const kept = new Set(observed.containers.filter((c) => !containers.includes(c)).map((c) => c.sandboxId));
  const sandboxes = observed.sandboxes
    .slice(1)
    .filter((s) => !s.ready && !kept.has(s.id))
    .map((s) => s.id);
  return { containers, sandboxes };
}

export async function removeOldRecords(kit: Kit, pod: Pod, observed: ObservedPod): Promise<void> {
  const old = oldRecords(observed);
  for (const c of old.containers) {
    await kit.runtime.removeContainer(c.id);
    await rm(join(podLogDirectory(kit.logDirectory, pod), c.name, `${c.restartCount}.log`), { force: true });
  }
  for (const id of old.sandboxes) await kit.runtime.removePodSandbox(id);
}

/** Everything the runtime and the log folder still hold of a pod that is gone. */
export async function removeAllRecords(kit: Kit, pod: Pod): Promise<void> {
  const observed = await kit.observer.observe(pod.metadata.uid!);
  const gone = (error: unknown) => {
    if (!isRpcNotFound(error)) throw error;
  };
  await Promise.all(observed.containers.map((c) => kit.runtime.removeContainer(c.id).catch(gone)));
  await Promise.all(observed.sandboxes.map((s) => kit.runtime.removePodSandbox(s.id).catch(gone)));
  await rm(podLogDirectory(kit.logDirectory, pod), { recursive: true, force: true });
  await kit.observer.observe(pod.metadata.uid!);
}
