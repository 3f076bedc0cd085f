import type { Container, Pod } from "@flotilla/api";
import { containerHash } from "../cri/labels.ts";
import { latest, type ObservedContainer, type ObservedPod } from "../cri/observed.ts";
import { ephemeralContainers, initContainers, isSidecar, mainContainers, restartPolicyOf } from "../pods/pod.ts";

/** What probes have found out; undefined: nothing yet. */
export interface ProbeVerdicts {
  startup(containerId: string): boolean | undefined;
  liveness(containerId: string): boolean | undefined;
}

export interface Kill {
  container: ObservedContainer;
  message: string;
}

export type PodActions =
  /** The sandbox is gone or must be replaced: stop what is left, then make a new one (unless nothing needs it). */
  | { kind: "recreate"; create: boolean; attempt: number; kill: boolean; init?: Container; containers: Container[] }
  /** Everything stays; stop and start these. */
  | { kind: "adjust"; sandboxId: string; kills: Kill[]; init: Container[]; containers: Container[] };

/** The difference between what the pod should be and what runs, as the actions that close it. Pure. */
export function computePodActions(pod: Pod, observed: ObservedPod, probes: ProbeVerdicts): PodActions {
  const ready = observed.sandboxes.filter((s) => s.ready);
  const newest = observed.sandboxes[0];
  if (!newest?.ready || ready.length > 1) return recreate(pod, observed);
  // The pause container got its address lost, e.g. by a runtime that restarted in between.
  if (!pod.spec?.hostNetwork && newest.ips.length === 0) return recreate(pod, observed);
  const inSandbox = { ...observed, containers: observed.containers.filter((c) => c.sandboxId === newest.id) };
  return adjust(pod, inSandbox, observed, newest.id, probes);
}

function recreate(pod: Pod, observed: ObservedPod): PodActions {
  const init = initContainers(pod);
  const attempt = observed.sandboxes.length === 0 ? 0 : observed.sandboxes[0]!.attempt + 1;
  const wanted = mainContainers(pod).filter((c) => shouldStart(pod, c, latest(observed, c.name)));
  // A new sandbox with nothing to run in it: all have ended for good.
  const create = attempt === 0 || wanted.length > 0;
  const alive = observed.sandboxes.some((s) => s.ready) || observed.containers.some((c) => c.state === "running");
  // A dead sandbox is stopped too before another is made: its address must be given back.
  const kill = alive || (create && observed.sandboxes.length > 0);
  if (init.length > 0) return { kind: "recreate", create, attempt, kill, init: init[0], containers: [] };
  return { kind: "recreate", create, attempt, kill, containers: create ? wanted : [] };
}

function shouldStart(pod: Pod, container: Container, last: ObservedContainer | undefined): boolean {
  if (!last || last.state === "created" || last.state === "unknown") return true;
  if (last.state === "running") return true; // in a sandbox that is gone
  const policy = restartPolicyOf(pod, container);
  return policy === "Always" || (policy === "OnFailure" && last.exitCode !== 0);
}

function adjust(pod: Pod, inSandbox: ObservedPod, all: ObservedPod, sandboxId: string, probes: ProbeVerdicts): PodActions {
  const actions = { kind: "adjust" as const, sandboxId, kills: [] as Kill[], init: [] as Container[], containers: [] as Container[] };
  // Those do not wait for the init containers: they may be there to find out why these hang.
  actions.containers.push(...ephemeralContainers(pod).filter((c) => !latest(all, c.name)));
  const initialized = planInit(pod, inSandbox, all, probes, actions);
  if (!initialized) return actions;
  let keep = 0;
  for (const container of mainContainers(pod)) {
    const current = latest(inSandbox, container.name);
    if (current?.state !== "running") {
      if (shouldStart(pod, container, latest(all, container.name))) actions.containers.push(container);
      if (current?.state === "unknown") actions.kills.push({ container: current, message: "Container is in unknown state" });
      continue;
    }
    const why = replaceReason(container, current, probes);
    if (!why) keep++;
    else {
      actions.kills.push({ container: current, message: why });
      if (restartPolicyOf(pod, container) !== "Never" || why.includes("definition changed")) actions.containers.push(container);
    }
  }
  if (keep === 0 && actions.containers.length === 0 && actions.kills.length === 0) stopSidecars(pod, inSandbox, actions);
  return actions;
}

function replaceReason(container: Container, current: ObservedContainer, probes: ProbeVerdicts): string | undefined {
  if (current.hash !== "" && current.hash !== containerHash(container)) {
    return `Container ${container.name} definition changed, will be restarted`;
  }
  if (probes.liveness(current.id) === false) return `Container ${container.name} failed liveness probe, will be restarted`;
  if (probes.startup(current.id) === false) return `Container ${container.name} failed startup probe, will be restarted`;
  return undefined;
}

/** Walks the init containers in order; true when all are done (and every sidecar has started). */
function planInit(
  pod: Pod,
  inSandbox: ObservedPod,
  all: ObservedPod,
  probes: ProbeVerdicts,
  actions: { kills: Kill[]; init: Container[] },
): boolean {
  // Once a main container was made in this sandbox, initialization is over; only sidecars come back.
  const over = mainContainers(pod).some((c) => latest(inSandbox, c.name) !== undefined);
  for (const container of initContainers(pod)) {
    const current = latest(inSandbox, container.name);
    if (isSidecar(container)) {
      if (current?.state === "running") {
        const why = replaceReason(container, current, probes);
        if (why) actions.kills.push({ container: current, message: why });
        if (!why && (!container.startupProbe || probes.startup(current.id) === true)) continue;
        if (why) actions.init.push(container);
        if (!over) return false;
        continue;
      }
      actions.init.push(container);
      if (!over) return false;
      continue;
    }
    if (over) continue;
    if (current?.state === "exited" && current.exitCode === 0) continue;
    if (current?.state === "running") return false;
    const last = current ?? latest(all, container.name);
    const failed = last?.state === "exited" && last.exitCode !== 0 && current !== undefined;
    if (!failed || restartPolicyOf(pod, container) !== "Never") actions.init.push(container);
    return false;
  }
  return true;
}

/** All main containers have ended for good: sidecars end too, the last one first. */
function stopSidecars(pod: Pod, observed: ObservedPod, actions: { kills: Kill[]; init: Container[] }): void {
  actions.init = [];
  for (const container of initContainers(pod).filter(isSidecar).reverse()) {
    const current = latest(observed, container.name);
    if (current?.state === "running") actions.kills.push({ container: current, message: "Pod has completed" });
  }
}
