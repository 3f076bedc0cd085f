import type { Pod } from "@flotilla/api";
import type { PodFailure } from "../status/generate.ts";
import { initContainers, isSidecar, isTerminalPhase, mainContainers } from "./pod.ts";
import { bytes, milliCpu } from "./quantity.ts";

/** Requests of a pod: main containers and sidecars together, or the largest init container. */
export function podRequests(pod: Pod): { cpu_milli: number; memory_bytes: number } {
  const of = (c: { resources?: { requests?: Record<string, string>; limits?: Record<string, string> } }) => ({
    cpu_milli: milliCpu(c.resources?.requests?.["cpu"] ?? c.resources?.limits?.["cpu"]),
    memory_bytes: bytes(c.resources?.requests?.["memory"] ?? c.resources?.limits?.["memory"]),
  });
  const total = { cpu_milli: 0, memory_bytes: 0 };
  for (const c of [...mainContainers(pod), ...initContainers(pod).filter(isSidecar)]) {
    total.cpu_milli += of(c).cpu_milli;
    total.memory_bytes += of(c).memory_bytes;
  }
  for (const c of initContainers(pod)) {
    total.cpu_milli = Math.max(total.cpu_milli, of(c).cpu_milli);
    total.memory_bytes = Math.max(total.memory_bytes, of(c).memory_bytes);
  }
  return total;
}

/** Why a pod may not run here beside the others; undefined: it may. Pure. */
export function admit(
  pod: Pod,
  others: readonly Pod[],
  node: { allocatable: Record<string, string>; labels: Record<string, string> },
): PodFailure | undefined {
  const active = others.filter((p) => !isTerminalPhase(p.status?.phase));
  const reject = (name: string, requested: number, used: number, capacity: number): PodFailure => ({
    reason: `OutOf${name}`,
    message: `Pod was rejected: Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  });
  const selector = Object.entries(pod.spec?.nodeSelector ?? {});
  if (selector.some(([key, value]) => node.labels[key] !== value)) {
    return {
      reason: "NodeAffinity",
      message: "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    };
  }
  const pods = Number(node.allocatable["pods"] ?? Number.POSITIVE_INFINITY);
  if (active.length + 1 > pods) return reject("pods", 1, active.length, pods);
  const wanted = podRequests(pod);
  const used = active.map(podRequests);
  const cpu = used.reduce((sum, r) => sum + r.cpu_milli, 0);
  const memory = used.reduce((sum, r) => sum + r.memory_bytes, 0);
  const cpuMax = milliCpu(node.allocatable["cpu"]);
  const memoryMax = bytes(node.allocatable["memory"]);
  if (wanted.cpu_milli > 0 && cpu + wanted.cpu_milli > cpuMax) return reject("cpu", wanted.cpu_milli, cpu, cpuMax);
  if (wanted.memory_bytes > 0 && memory + wanted.memory_bytes > memoryMax) return reject("memory", wanted.memory_bytes, memory, memoryMax);
  return undefined;
}
