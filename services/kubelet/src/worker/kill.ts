import type { Container, Pod } from "@flotilla/api";
import { sleep } from "@flotilla/base";
import type { ObservedContainer, ObservedPod } from "../cri/observed.ts";
import { isRpcNotFound, messageOf } from "../errors.ts";
import { allContainers, initContainers, isSidecar } from "../pods/pod.ts";
import { runHook } from "./hooks.ts";
import type { Kit } from "./kit.ts";

/** A container that has run its hook still gets this long to act on SIGTERM (upstream's minimum). */
const GRACE_MIN_S = 2;

/** Stops one container: preStop within the grace period, then SIGTERM, then SIGKILL. */
export async function killContainer(kit: Kit, pod: Pod, observed: ObservedContainer, grace_s: number, message?: string): Promise<void> {
  const container = allContainers(pod).find((c) => c.name === observed.name);
  kit.events.emit(pod, "Normal", "Killing", message ?? `Stopping container ${observed.name}`, container);
  const began_ms = kit.clock.monotonic();
  if (container?.lifecycle?.preStop && grace_s > 0 && observed.state === "running") await preStop(kit, pod, container, observed, grace_s);
  const left_s = Math.ceil(grace_s - (kit.clock.monotonic() - began_ms) / 1000);
  const timeout_s = grace_s === 0 ? 0 : Math.max(left_s, Math.min(GRACE_MIN_S, grace_s));
  try {
    await kit.runtime.stopContainer(observed.id, timeout_s);
  } catch (error) {
    if (!isRpcNotFound(error)) throw error;
  }
}

async function preStop(kit: Kit, pod: Pod, container: Container, observed: ObservedContainer, grace_s: number): Promise<void> {
  const limit = new AbortController();
  const podIP = kit.observer.peek(pod.metadata.uid!)?.sandboxes[0]?.ips[0] ?? kit.node.hostIP();
  const hook = runHook(kit, container.lifecycle!.preStop!, container, observed.id, podIP, grace_s * 1000)
    .catch((error) => {
      kit.events.emit(pod, "Warning", "FailedPreStopHook", "PreStopHook failed", container);
      kit.log.warn("preStop hook failed", { pod: pod.metadata.name, container: container.name, error: messageOf(error) });
    })
    .finally(() => limit.abort());
  await Promise.race([hook, sleep(kit.clock, grace_s * 1000, limit.signal)]);
  limit.abort();
}

/** Stops everything of the pod: containers together, sidecars after them in reverse order, then the sandboxes. */
export async function killPod(kit: Kit, pod: Pod, observed: ObservedPod, grace_s: number): Promise<void> {
  const sidecars = new Set(
    initContainers(pod)
      .filter(isSidecar)
      .map((c) => c.name),
  );
  const alive = observed.containers.filter((c) => c.state === "running" || c.state === "unknown");
  const began_ms = kit.clock.monotonic();
  await all(alive.filter((c) => !sidecars.has(c.name)).map((c) => killContainer(kit, pod, c, grace_s)));
  for (const name of [...sidecars].reverse()) {
    const left_s = Math.max(GRACE_MIN_S, Math.ceil(grace_s - (kit.clock.monotonic() - began_ms) / 1000));
    await all(alive.filter((c) => c.name === name).map((c) => killContainer(kit, pod, c, Math.min(grace_s, left_s))));
  }
  await all(
    observed.sandboxes.map(async (sandbox) => {
      try {
        await kit.runtime.stopPodSandbox(sandbox.id);
      } catch (error) {
        if (!isRpcNotFound(error)) throw error;
      }
    }),
  );
}

/** Waits for all, then throws the first failure: one that hangs must not hide that another failed. */
async function all(promises: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(promises)).find((r) => r.status === "rejected");
  if (failed) throw failed.reason;
}
