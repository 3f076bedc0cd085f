import type { Container, Pod } from "@flotilla/api";
import type { PodSandboxConfig } from "@flotilla/rpc/gen/cri/v1/api.ts";
import { computePodActions, type PodActions } from "../actions/compute.ts";
import { hostnameOf } from "../containers/hosts.ts";
import { sandboxConfig } from "../containers/sandbox-config.ts";
import { hasRunning, type ObservedPod } from "../cri/observed.ts";
import { messageOf, StartError, SyncError } from "../errors.ts";
import { describePod, gracePeriodOf, initContainers, isTerminalPhase, mainContainers, usesHostNetwork } from "../pods/pod.ts";
import { killContainer, killPod } from "./kill.ts";
import type { Kit } from "./kit.ts";
import { type PodMemory, publish } from "./publish.ts";
import { removeOldRecords } from "./records.ts";
import { backoffKey, type StartContext, startContainer } from "./start.ts";

export type SyncResult =
  /** Look again after this time, if nothing happens before. */
  | { kind: "wait"; delay_ms: number }
  /** Something was started that the next sync builds upon. */
  | { kind: "again" }
  /** All containers have ended for good. */
  | { kind: "ended" };

/** One round of making a pod so: observe, decide, act, observe, tell. @throws SyncError */
export async function syncPod(kit: Kit, pod: Pod, memory: PodMemory, signal: AbortSignal): Promise<SyncResult> {
  const observed = await kit.observer.get(pod.metadata.uid!, memory.acted_ms);
  const status = await publish(kit, pod, observed, memory);
  if (isTerminalPhase(status.phase)) return { kind: "ended" };
  const problem = usesHostNetwork(pod) ? undefined : kit.node.networkProblem();
  if (problem !== undefined && !hasRunning(observed)) throw new SyncError("NetworkNotReady", `network is not ready: ${problem}`);

  const addresses = { podIPs: observed.sandboxes[0]?.ips ?? [], hostIP: kit.node.hostIP() };
  const [volumes, services, secrets] = await Promise.all([
    kit.volumes.mount(pod, { objects: kit.api, token: kit.api.token, addresses, allocatable: kit.node.allocatable() }),
    kit.api.services(pod),
    kit.api.pullSecrets(pod),
  ]);
  const actions = computePodActions(pod, observed, kit.probes);
  if (isNothing(actions)) return { kind: "wait", delay_ms: nextDelay_ms(kit, pod, memory, observed) };

  const { now, changed } = await act(kit, pod, observed, memory, actions, { volumes, services, secrets, signal }).catch((error) => {
    memory.acted_ms = kit.clock.monotonic(); // who knows how far it came
    throw error;
  });
  const after = await publish(kit, pod, now, memory);
  void removeOldRecords(kit, pod, now).catch((error) => kit.log.debug("could not remove old containers", { error: messageOf(error) }));
  if (isTerminalPhase(after.phase)) return { kind: "ended" };
  // What ended while it was being started is seen now: no event will tell of it again.
  if (changed && !isNothing(computePodActions(pod, now, kit.probes))) return { kind: "again" };
  return { kind: "wait", delay_ms: nextDelay_ms(kit, pod, memory, now) };
}

function isNothing(actions: PodActions): boolean {
  if (actions.kind === "recreate") return !actions.create && !actions.kill;
  return actions.kills.length + actions.init.length + actions.containers.length === 0;
}

type Prepared = Pick<StartContext, "volumes" | "services" | "secrets" | "signal">;

async function act(
  kit: Kit,
  pod: Pod,
  observed: ObservedPod,
  memory: PodMemory,
  actions: PodActions,
  prepared: Prepared,
): Promise<{ now: ObservedPod; changed: boolean }> {
  const uid = pod.metadata.uid!;
  let sandboxId: string;
  let podIPs = observed.sandboxes[0]?.ips ?? [];
  const attempt = actions.kind === "recreate" ? actions.attempt : (observed.sandboxes[0]?.attempt ?? 0);
  const { hostname } = hostnameOf(pod, kit.node.name, kit.node.clusterDomain);
  const sandbox = sandboxConfig(pod, attempt, { logRoot: kit.logDirectory, hostname, dns: kit.node.podDns(pod) });
  const runtimeHandler = await runtimeHandlerOf(kit, pod);
  if (actions.kind === "recreate") {
    if (actions.kill) {
      if (actions.create) kit.events.emit(pod, "Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
      await killPod(kit, pod, observed, gracePeriodOf(pod));
    } else if (actions.attempt > 0) {
      kit.events.emit(pod, "Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
    }
    if (!actions.create) return { now: await observeAfter(kit, uid, memory), changed: false };
    sandboxId = await createSandbox(kit, sandbox, runtimeHandler, prepared.signal);
    if (!usesHostNetwork(pod)) {
      const made = await kit.observer.observe(uid);
      podIPs = made.sandboxes.find((s) => s.id === sandboxId)?.ips ?? [];
      // The address shows before the containers run, as upstream's does.
      await publish(kit, pod, made, memory);
    }
  } else {
    sandboxId = actions.sandboxId;
    const grace_s = pod.spec?.terminationGracePeriodSeconds ?? 30;
    await Promise.all(actions.kills.map((k) => killContainer(kit, pod, k.container, grace_s, k.message)));
    for (const k of actions.kills) kit.probes.remove(k.container.id);
  }
  const context: StartContext = { ...prepared, sandboxId, sandbox, runtimeHandler, podIPs };
  const base = actions.kind === "adjust" && actions.kills.length > 0 ? await kit.observer.observe(uid) : observed;
  const init = actions.kind === "recreate" ? (actions.init ? [actions.init] : []) : actions.init;
  const containers = actions.kind === "recreate" && actions.init ? [] : actions.containers;
  const started = await start(kit, pod, base, memory, init, containers, context);
  const changed = started > 0 || (actions.kind === "adjust" && actions.kills.length > 0);
  return { now: await observeAfter(kit, uid, memory), changed };
}

/** What is observed from here on shows all that we did. */
function observeAfter(kit: Kit, uid: string, memory: PodMemory): Promise<ObservedPod> {
  memory.acted_ms = kit.clock.monotonic() - 1e-6;
  return kit.observer.observe(uid);
}

async function createSandbox(kit: Kit, config: PodSandboxConfig, handler: string, signal: AbortSignal): Promise<string> {
  try {
    return await kit.runtime.runPodSandbox(config, handler);
  } catch (error) {
    if (signal.aborted) throw error;
    throw new SyncError("FailedCreatePodSandBox", `Failed to create pod sandbox: ${messageOf(error)}`);
  }
}

async function runtimeHandlerOf(kit: Kit, pod: Pod): Promise<string> {
  const name = pod.spec?.runtimeClassName;
  if (!name) return kit.defaultRuntimeHandler;
  const found = await kit.api.runtimeClass(name);
  if (found) return found.handler;
  const why = `failed to get sandbox runtime: RuntimeClass.node.k8s.io "${name}" not found`;
  throw new SyncError("FailedCreatePodSandBox", `Failed to create pod sandbox: ${why}`);
}

/** Init containers one after another; main ones together, unless a postStart hook makes the order matter. */
async function start(
  kit: Kit,
  pod: Pod,
  observed: ObservedPod,
  memory: PodMemory,
  init: readonly Container[],
  containers: readonly Container[],
  context: StartContext,
): Promise<number> {
  let started = 0;
  const one = async (container: Container) => {
    try {
      await startContainer(kit, pod, container, observed, context);
      memory.failures.delete(container.name);
      started++;
    } catch (error) {
      if (context.signal.aborted) return;
      const known = error instanceof StartError ? error : new StartError("CreateContainerError", messageOf(error));
      if (memory.failures.get(container.name)?.message !== known.message) {
        kit.log.warn("container not started", {
          pod: describePod(pod),
          container: container.name,
          reason: known.reason,
          why: known.message,
        });
      }
      memory.failures.set(container.name, { reason: known.reason, message: known.message });
    }
  };
  for (const container of init) await one(container);
  const ordered = containers.some((c) => c.lifecycle?.postStart);
  if (ordered) for (const container of containers) await one(container);
  else await Promise.all(containers.map(one));
  return started;
}

/** A container that could not be made or started is tried again after this time. */
const START_RETRY_MS = 10_000;
/** A failed pull shows as ErrImagePull for this long, then as ImagePullBackOff. */
const PULL_SHOWN_MS = 3_000;

/** Until the next thing that is known to come: a restart's or a pull's back-off ends, or the regular sync. */
function nextDelay_ms(kit: Kit, pod: Pod, memory: PodMemory, observed: ObservedPod): number {
  let delay_ms = Math.min(kit.syncPeriod_ms, kit.images.remaining_ms(pod.metadata.uid!));
  for (const { reason } of memory.failures.values()) {
    if (reason === "ErrImagePull") delay_ms = Math.min(delay_ms, PULL_SHOWN_MS);
    else if (reason !== "CrashLoopBackOff" && reason !== "ImagePullBackOff") delay_ms = Math.min(delay_ms, START_RETRY_MS);
  }
  for (const container of [...initContainers(pod), ...mainContainers(pod)]) {
    const last = observed.containers.find((c) => c.name === container.name);
    if (last?.state !== "exited" || pod.spec?.restartPolicy === "Never") continue;
    const left_ms = kit.restarts.remaining_ms(backoffKey(pod, container), last.finishedAt_ms, kit.clock.now());
    if (left_ms > 0) delay_ms = Math.min(delay_ms, left_ms);
  }
  return Math.max(delay_ms, 10);
}
