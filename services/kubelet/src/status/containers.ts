import type { Container, ContainerStatus, Pod } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import type { ObservedContainer, ObservedPod } from "../cri/observed.ts";
import { ephemeralContainers, initContainers, isSidecar, mainContainers, restartPolicyOf } from "../pods/pod.ts";

export interface StartFailure {
  reason: string;
  message: string;
}

export interface ContainerFacts {
  /** "docker", "process": the scheme of container ids. */
  runtimeName: string;
  /** Why the last attempt to start the named container did not succeed. */
  startFailure(name: string): StartFailure | undefined;
  started(container: Container, id: string): boolean;
  ready(container: Container, id: string): boolean;
  terminationMessage(container: Container, id: string): string | undefined;
}

type State = NonNullable<ContainerStatus["state"]>;

/** Which of a pod's lists of containers. */
export type ContainerList = "init" | "main" | "ephemeral";

const LISTS: Record<ContainerList, (pod: Pod) => Container[]> = {
  init: initContainers,
  main: mainContainers,
  ephemeral: ephemeralContainers,
};

/** Statuses of one list of containers from what the runtime shows; `previous` is the last status given out. */
export function containerStatuses(
  pod: Pod,
  observed: ObservedPod,
  facts: ContainerFacts,
  previous: readonly ContainerStatus[],
  list: ContainerList,
): ContainerStatus[] {
  const initialized = list === "ephemeral" || (list === "main" && initContainers(pod).length === 0);
  return LISTS[list](pod).map((container) => {
    const mine = observed.containers.filter((c) => c.name === container.name);
    const before = previous.find((s) => s.name === container.name);
    const waiting: State = { waiting: { reason: initialized ? "ContainerCreating" : "PodInitializing" } };
    return statusOf(pod, container, mine, facts, before, waiting, list);
  });
}

function statusOf(
  pod: Pod,
  container: Container,
  mine: ObservedContainer[],
  facts: ContainerFacts,
  before: ContainerStatus | undefined,
  waiting: State,
  list: ContainerList,
): ContainerStatus {
  const [current, older] = mine;
  const status: ContainerStatus = {
    name: container.name,
    state: waiting,
    lastState: {},
    ready: false,
    restartCount: before?.restartCount ?? 0,
    image: container.image ?? "",
    imageID: "",
    started: false,
  };
  if (!current) {
    // Its record was removed from the runtime: what was told before still holds.
    if (before?.state?.terminated || before?.state?.running) return withoutRecord(pod, container, before, facts);
    if (before?.lastState?.terminated) status.lastState = before.lastState;
    const failure = facts.startFailure(container.name);
    if (failure) status.state = { waiting: { ...failure } };
    return status;
  }
  Object.assign(status, {
    state: stateOf(pod, container, current, facts),
    image: current.image || container.image,
    imageID: current.imageRef,
    containerID: `${facts.runtimeName}://${current.id}`,
    restartCount: Math.max(current.restartCount, before?.restartCount ?? 0),
  });
  if (older) status.lastState = { terminated: terminatedOf(container, older, facts) };
  else if (before?.lastState?.terminated) status.lastState = before.lastState;
  if (status.state?.running) {
    status.started = facts.started(container, current.id);
    status.ready =
      list === "ephemeral" || (list === "init" && !isSidecar(container)) ? false : status.started && facts.ready(container, current.id);
  } else if (list === "init" && current.state === "exited" && current.exitCode === 0 && !isSidecar(container)) {
    status.ready = true;
  }
  if (current.state !== "running" && willRestart(pod, container, current)) explainWaiting(status, container.name, facts);
  return status;
}

function willRestart(pod: Pod, container: Container, current: ObservedContainer): boolean {
  const policy = restartPolicyOf(pod, container);
  return policy === "Always" || (policy === "OnFailure" && current.exitCode !== 0) || current.state === "created";
}

/** A container that is to be started again but cannot now waits, and its end becomes its last state. */
function explainWaiting(status: ContainerStatus, name: string, facts: ContainerFacts): void {
  const failure = facts.startFailure(name);
  if (!failure) return;
  if (status.state?.terminated) status.lastState = status.state;
  status.state = { waiting: { ...failure } };
}

function withoutRecord(pod: Pod, container: Container, before: ContainerStatus, facts: ContainerFacts): ContainerStatus {
  if (before.state?.terminated) {
    const status = { ...before, ready: before.ready && before.state.terminated.exitCode === 0 };
    const policy = restartPolicyOf(pod, container);
    if (policy === "Always" || (policy === "OnFailure" && before.state.terminated.exitCode !== 0)) {
      explainWaiting(status, container.name, facts);
    }
    return status;
  }
  const terminated = {
    exitCode: 137,
    reason: "ContainerStatusUnknown",
    message: "The container could not be located when the pod was terminated",
    containerID: before.containerID,
  } as NonNullable<State["terminated"]>;
  return { ...before, ready: false, started: false, state: { terminated } };
}

function stateOf(_pod: Pod, container: Container, current: ObservedContainer, facts: ContainerFacts): State {
  if (current.state === "running") return { running: { startedAt: rfc3339(current.startedAt_ms) as never } };
  if (current.state === "exited") return { terminated: terminatedOf(container, current, facts) };
  return { waiting: { reason: "ContainerCreating" } };
}

function terminatedOf(container: Container, c: ObservedContainer, facts: ContainerFacts): NonNullable<State["terminated"]> {
  const message = facts.terminationMessage(container, c.id) || c.message;
  return {
    exitCode: c.exitCode,
    reason: c.reason || (c.exitCode === 0 ? "Completed" : "Error"),
    ...(message ? { message } : {}),
    ...(c.startedAt_ms > 0 ? { startedAt: rfc3339(c.startedAt_ms) } : {}),
    ...(c.finishedAt_ms > 0 ? { finishedAt: rfc3339(c.finishedAt_ms) } : {}),
    containerID: `${facts.runtimeName}://${c.id}`,
  } as NonNullable<State["terminated"]>;
}
