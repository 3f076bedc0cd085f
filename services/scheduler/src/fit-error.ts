import type { Rejection } from "./plugin.ts";

export const NO_NODES = "no nodes available to schedule pods";

/** What a pod's FailedScheduling event and PodScheduled condition say, in upstream's words. */
export function fitError(nodes: number, rejections: ReadonlyMap<string, Rejection>, preemption?: string): string {
  const reasons = histogram([...rejections.values()].flatMap((r) => r.reasons));
  const body = `0/${nodes} nodes are available${reasons ? `: ${reasons}.` : ""}`;
  return preemption ? `${body} preemption: ${preemption}` : body;
}

/** Why preemption found nothing: nodes where it cannot help, nodes without victims. */
export function preemptionError(nodes: number, rejections: ReadonlyMap<string, Rejection>, tried: ReadonlyMap<string, string>): string {
  const reasons = [...rejections].map(([name, r]) => tried.get(name) ?? (r.unresolvable ? NOT_HELPFUL : NO_VICTIMS));
  return `0/${nodes} nodes are available: ${histogram(reasons)}.`;
}

const NOT_HELPFUL = "Preemption is not helpful for scheduling";
const NO_VICTIMS = "No preemption victims found for incoming pod";

function histogram(reasons: string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(", ");
}
