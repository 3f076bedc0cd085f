import type { ContainerStatus, Pod } from "@flotilla/api";
import { initContainers, isSidecar, mainContainers } from "../pods/pod.ts";

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed";

/** The phase that a pod's container statuses amount to (pod lifecycle documentation). */
export function podPhase(pod: Pod, init: readonly ContainerStatus[], main: readonly ContainerStatus[], terminal: boolean): PodPhase {
  const policy = pod.spec?.restartPolicy ?? "Always";
  const counts = count(pod, main);
  const initialization = initProgress(pod, init);
  if (initialization === "failed" && policy === "Never") return "Failed";
  const mainHasRun = counts.running + counts.stopped > 0;
  if (initialization !== "done" && !mainHasRun) return "Pending";
  if (counts.waiting > 0) return "Pending";
  if (counts.running > 0 && counts.unknown === 0) return "Running";
  if (counts.running === 0 && counts.stopped > 0 && counts.unknown === 0) {
    if (policy === "Always" && !terminal) return "Running";
    if (counts.stopped === counts.succeeded) return "Succeeded";
    return policy === "Never" || terminal ? "Failed" : "Running";
  }
  return "Pending";
}

function count(pod: Pod, statuses: readonly ContainerStatus[]) {
  const counts = { unknown: 0, waiting: 0, running: 0, stopped: 0, succeeded: 0 };
  for (const container of mainContainers(pod)) {
    const status = statuses.find((s) => s.name === container.name);
    if (!status) counts.unknown++;
    else if (status.state?.running) counts.running++;
    else if (status.state?.terminated) {
      counts.stopped++;
      if (status.state.terminated.exitCode === 0) counts.succeeded++;
    } else if (status.state?.waiting && status.lastState?.terminated) counts.stopped++;
    else if (status.state?.waiting) counts.waiting++;
    else counts.unknown++;
  }
  return counts;
}

function initProgress(pod: Pod, statuses: readonly ContainerStatus[]): "done" | "pending" | "failed" {
  let pending = false;
  for (const container of initContainers(pod)) {
    const status = statuses.find((s) => s.name === container.name);
    if (isSidecar(container)) {
      if (!status?.started && !status?.state?.terminated) pending = true;
    } else if (!status || status.state?.running) pending = true;
    else {
      const terminated = status.state?.terminated ?? status.lastState?.terminated;
      if (terminated && terminated.exitCode !== 0) return "failed";
      if (!status.state?.terminated) pending = true;
    }
  }
  return pending ? "pending" : "done";
}
