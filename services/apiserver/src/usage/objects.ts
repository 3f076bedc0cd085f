import type { Node, NodeMetrics, Pod, PodMetrics } from "@flotilla/api";
import type { ContainerStats } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import type { Usage } from "./collector.ts";

const API_VERSION = "metrics.k8s.io/v1beta1";

/** Upstream's units: nanocores and kibibytes. */
const resources = (cpu_nanoCores: number, memory_bytes: number): Record<string, string> => ({
  cpu: cpu_nanoCores === 0 ? "0" : `${Math.round(cpu_nanoCores)}n`,
  memory: `${Math.floor(memory_bytes / 1024)}Ki`,
});

const second = (time_ms: number): string => new Date(Math.floor(time_ms / 1000) * 1000).toISOString().replace(".000Z", "Z");

function measured(object: Node | Pod, { at_ms, stats }: Usage) {
  const { name, namespace, labels } = object.metadata;
  const timestamp = second(at_ms);
  return {
    apiVersion: API_VERSION,
    metadata: { name, ...(namespace ? { namespace } : {}), creationTimestamp: timestamp, ...(labels ? { labels } : {}) },
    timestamp,
    window: `${stats.windowMs / 1000}s`,
  };
}

export function nodeUsage(node: Node, usage: Usage): NodeMetrics {
  const { nodeCpuUsageNanoCores, nodeMemoryWorkingSetBytes } = usage.stats;
  return { kind: "NodeMetrics", ...measured(node, usage), usage: resources(nodeCpuUsageNanoCores, nodeMemoryWorkingSetBytes) };
}

/** undefined while the kubelet has measured no container of the pod. */
export function podUsage(pod: Pod, usage: Usage, containers: readonly ContainerStats[] | undefined): PodMetrics | undefined {
  if (!containers || containers.length === 0) return undefined;
  return {
    kind: "PodMetrics",
    ...measured(pod, usage),
    containers: containers.map((stats) => ({
      name: stats.container,
      usage: resources(stats.cpuUsageNanoCores, stats.memoryWorkingSetBytes),
    })),
  };
}

/** "namespace/pod" → its containers, by name. */
export function byPod({ stats }: Usage): Map<string, ContainerStats[]> {
  const pods = new Map<string, ContainerStats[]>();
  for (const container of stats.containers) {
    const key = `${container.namespace}/${container.pod}`;
    const present = pods.get(key);
    if (present) present.push(container);
    else pods.set(key, [container]);
  }
  for (const containers of pods.values()) containers.sort((a, b) => (a.container < b.container ? -1 : 1));
  return pods;
}
