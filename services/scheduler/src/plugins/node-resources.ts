import type { NodeInfo } from "../node-info.ts";
import { type Cycle, type Instance, MAX_SCORE, type Plugin } from "../plugin.ts";

/** Room for the pod's requests and for one more pod; prefers nodes with more left (LeastAllocated). */
export const nodeResourcesFit: Plugin = {
  name: "NodeResourcesFit",
  retryOn: ["node-added", "node-changed", "pod-removed", "pod-changed"],
  begin(cycle) {
    const requested = [...cycle.amounts.requested].filter(([, amount]) => amount > 0);
    return {
      filter(node) {
        const short = requested.filter(([name, amount]) => amount > (node.allocatable.get(name) ?? 0) - (node.requested.get(name) ?? 0));
        const reasons = short.map(([name]) => `Insufficient ${name}`);
        if (node.pods.size + 1 > (node.allocatable.get("pods") ?? 0)) reasons.unshift("Too many pods");
        if (reasons.length === 0) return undefined;
        return { reasons, unresolvable: short.some(([name, amount]) => amount > (node.allocatable.get(name) ?? 0)) };
      },
      score: (node) => leastAllocated(cycle, node),
    };
  },
};

function leastAllocated({ amounts }: Cycle, node: NodeInfo): number {
  let sum = 0;
  let counted = 0;
  for (const name of ["cpu", "memory"] as const) {
    const capacity = node.allocatable.get(name) ?? 0;
    if (capacity === 0) continue;
    const used = node.estimated[name] + amounts.estimated[name];
    sum += used > capacity ? 0 : Math.floor(((capacity - used) * MAX_SCORE) / capacity);
    counted++;
  }
  return counted === 0 ? 0 : Math.floor(sum / counted);
}

/** Prefers nodes whose cpu and memory would be used in like measure. */
export const balancedAllocation: Plugin = {
  name: "NodeResourcesBalancedAllocation",
  retryOn: [],
  begin({ amounts }): Instance {
    const asks = (name: string) => amounts.requested.get(name) ?? 0;
    if (asks("cpu") === 0 && asks("memory") === 0) return {}; // best-effort pods change no balance
    const fraction = (node: NodeInfo, name: string) => {
      const capacity = node.allocatable.get(name) ?? 0;
      return capacity === 0 ? 1 : Math.min(1, ((node.requested.get(name) ?? 0) + asks(name)) / capacity);
    };
    // The standard deviation of two figures is half their distance.
    return { score: (node) => Math.floor((1 - Math.abs(fraction(node, "cpu") - fraction(node, "memory")) / 2) * MAX_SCORE) };
  },
};
