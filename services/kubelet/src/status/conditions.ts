import type { ContainerStatus, Pod, PodStatus } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import { initContainers, isSidecar, mainContainers } from "../pods/pod.ts";
import type { PodPhase } from "./phase.ts";

export type PodCondition = NonNullable<PodStatus["conditions"]>[number];

/** The condition types a kubelet writes; others in a pod's status belong to others. */
export const OWN_CONDITIONS = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

interface Verdict {
  type: string;
  status: boolean;
  reason?: string;
  message?: string;
}

/** Own conditions for this status; a transition time only moves when the status does. Foreign ones are kept. */
export function podConditions(
  pod: Pod,
  phase: PodPhase,
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
  sandboxReady: boolean,
  previous: readonly PodCondition[],
  now_ms: number,
): PodCondition[] {
  const containersReady = containersReadyVerdict(pod, phase, init, main);
  const verdicts: Verdict[] = [
    { type: "PodReadyToStartContainers", status: sandboxReady },
    initializedVerdict(pod, phase, init, main),
    readyVerdict(pod, containersReady, previous),
    containersReady,
    { type: "PodScheduled", status: true },
  ];
  const own = verdicts.map((v) => condition(v, previous, now_ms));
  return [...own, ...previous.filter((c) => !OWN_CONDITIONS.includes(c.type))];
}

function condition(v: Verdict, previous: readonly PodCondition[], now_ms: number): PodCondition {
  const before = previous.find((c) => c.type === v.type);
  const status = v.status ? "True" : "False";
  return {
    type: v.type,
    status,
    lastProbeTime: null as never,
    lastTransitionTime: (before?.status === status ? before.lastTransitionTime : rfc3339(now_ms)) as never,
    ...(v.reason ? { reason: v.reason } : {}),
    ...(v.message ? { message: v.message } : {}),
  };
}

function initializedVerdict(pod: Pod, phase: PodPhase, init: readonly ContainerStatus[], main: readonly ContainerStatus[]): Verdict {
  const type = "Initialized";
  if (phase === "Succeeded") return { type, status: true, reason: "PodCompleted" };
  const mainHasRun = main.some((s) => s.state?.running || s.state?.terminated || s.lastState?.terminated);
  const incomplete = initContainers(pod)
    .filter((c) => {
      const status = init.find((s) => s.name === c.name);
      return isSidecar(c) ? !status?.started && !mainHasRun : !status?.ready && !mainHasRun;
    })
    .map((c) => c.name);
  if (incomplete.length === 0) return { type, status: true };
  return {
    type,
    status: false,
    reason: "ContainersNotInitialized",
    message: `containers with incomplete status: [${incomplete.join(" ")}]`,
  };
}

function containersReadyVerdict(pod: Pod, phase: PodPhase, init: readonly ContainerStatus[], main: readonly ContainerStatus[]): Verdict {
  const type = "ContainersReady";
  if (phase === "Succeeded") return { type, status: false, reason: "PodCompleted" };
  if (phase === "Failed") return { type, status: false, reason: "PodFailed" };
  const watched = [...initContainers(pod).filter(isSidecar), ...mainContainers(pod)];
  const statuses = [...init, ...main];
  const unknown = watched.filter((c) => !statuses.some((s) => s.name === c.name)).map((c) => c.name);
  const unready = watched.filter((c) => statuses.some((s) => s.name === c.name && !s.ready)).map((c) => c.name);
  const messages = [
    ...(unknown.length ? [`containers with unknown status: [${unknown.join(" ")}]`] : []),
    ...(unready.length ? [`containers with unready status: [${unready.join(" ")}]`] : []),
  ];
  if (messages.length === 0) return { type, status: true };
  return { type, status: false, reason: "ContainersNotReady", message: messages.join(", ") };
}

function readyVerdict(pod: Pod, containersReady: Verdict, previous: readonly PodCondition[]): Verdict {
  if (!containersReady.status) return { ...containersReady, type: "Ready" };
  const missing = (pod.spec?.readinessGates ?? [])
    .map((g) => g.conditionType)
    .filter((type) => previous.find((c) => c.type === type)?.status !== "True");
  if (missing.length === 0) return { type: "Ready", status: true };
  return {
    type: "Ready",
    status: false,
    reason: "ReadinessGatesNotReady",
    message: missing.map((type) => `corresponding condition of pod readiness gate "${type}" does not exist.`).join(", "),
  };
}
