import { isPodTerminating, type Pod } from "@flotilla/api";
import { type Framework, rejectionOn } from "./decide.ts";
import { type NodeInfo, type PlacedPod, podKey } from "./node-info.ts";
import type { Cycle, Rejection } from "./plugin.ts";

export interface Preemption {
  node: NodeInfo;
  victims: Pod[];
}

export type PreemptionResult =
  | { kind: "found"; preemption: Preemption }
  /** Per node that was tried: why removing pods would not be enough. */
  | { kind: "none"; tried: Map<string, string> }
  | { kind: "ineligible"; why: string };

/** Nodes tried at most, as upstream's 10 % but at least 100. */
const NODES_LIMIT = 100;

const priority = (pod: Pod) => pod.spec?.priority ?? 0;

/** Which pods of lower priority would have to go, and where, for the pod to fit. Pure. */
export function preempt(cycle: Cycle, framework: Framework, rejections: ReadonlyMap<string, Rejection>): PreemptionResult {
  const why = ineligible(cycle);
  if (why !== undefined) return { kind: "ineligible", why };
  const tried = new Map<string, string>();
  const found: Preemption[] = [];
  for (const node of cycle.nodes) {
    if (found.length >= NODES_LIMIT) break;
    if (rejections.get(node.name)?.unresolvable !== false) continue;
    const outcome = victimsOn(cycle, framework, node);
    if (Array.isArray(outcome)) found.push({ node, victims: outcome.map((v) => v.pod) });
    else if (outcome) tried.set(node.name, outcome.reasons[0]!);
  }
  if (found.length === 0) return { kind: "none", tried };
  return { kind: "found", preemption: found.reduce((a, b) => (cheaper(b, a) ? b : a)) };
}

function ineligible({ pod, nodes }: Cycle): string | undefined {
  if (pod.spec!.preemptionPolicy === "Never") return "not eligible due to preemptionPolicy=Never.";
  const nominated = nodes.find((n) => n.name === pod.status?.nominatedNodeName);
  const leaving = [...(nominated?.pods.values() ?? [])].some((p) => isPodTerminating(p.pod) && priority(p.pod) < priority(pod));
  return leaving ? "not eligible due to a terminating pod on the nominated node." : undefined;
}

/** The fewest victims on one node, or why even all of them are not enough; undefined when there are none. */
function victimsOn(cycle: Cycle, framework: Framework, node: NodeInfo): PlacedPod[] | Rejection | undefined {
  const lower = [...node.pods.values()].filter((p) => priority(p.pod) < priority(cycle.pod));
  if (lower.length === 0) return undefined;
  const gone = new Set(lower.map((p) => podKey(p.pod)));
  const rejected = () => {
    const copy = node.without(gone);
    return rejectionOn({ ...cycle, nodes: cycle.nodes.map((n) => (n === node ? copy : n)) }, framework, copy);
  };
  const rejection = rejected();
  if (rejection) return rejection;
  // Spare whom we can, the most important first.
  for (const { pod } of lower.toSorted((a, b) => priority(b.pod) - priority(a.pod))) {
    gone.delete(podKey(pod));
    if (rejected()) gone.add(podKey(pod));
  }
  return lower.filter((p) => gone.has(podKey(p.pod)));
}

/** Least harm: the lowest highest priority, then the lowest sum, then the fewest pods. */
function cheaper(a: Preemption, b: Preemption): boolean {
  const highest = (p: Preemption) => Math.max(...p.victims.map(priority));
  const sum = (p: Preemption) => p.victims.reduce((total, v) => total + priority(v) + 2 ** 31, 0);
  if (highest(a) !== highest(b)) return highest(a) < highest(b);
  if (sum(a) !== sum(b)) return sum(a) < sum(b);
  return a.victims.length < b.victims.length;
}
