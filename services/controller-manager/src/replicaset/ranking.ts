import { findCondition, isPodReady, type Pod } from "@flotilla/api";

const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
const PHASE_ORDER: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * The `count` pods to delete first (upstream's ActivePodsWithRanks): those that serve least, then
 * those that double up on a node, then the youngest. `related` are all pods of the same Deployment:
 * a node with more of them is thinned first.
 */
export function pickForDeletion(pods: Pod[], related: Pod[], count: number, now_ms: number): Pod[] {
  const perNode = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec?.nodeName;
    if (node) perNode.set(node, (perNode.get(node) ?? 0) + 1);
  }
  const rank = (pod: Pod) => perNode.get(pod.spec?.nodeName ?? "") ?? 0;
  return [...pods].sort((a, b) => compare(a, b, rank, now_ms)).slice(0, count);
}

function compare(a: Pod, b: Pod, rank: (pod: Pod) => number, now_ms: number): number {
  return (
    Number(Boolean(a.spec?.nodeName)) - Number(Boolean(b.spec?.nodeName)) ||
    phase(a) - phase(b) ||
    Number(isPodReady(a)) - Number(isPodReady(b)) ||
    cost(a) - cost(b) ||
    rank(b) - rank(a) ||
    bucket(readySince(a), now_ms) - bucket(readySince(b), now_ms) ||
    restarts(b) - restarts(a) ||
    bucket(Date.parse(a.metadata.creationTimestamp ?? ""), now_ms) - bucket(Date.parse(b.metadata.creationTimestamp ?? ""), now_ms) ||
    (a.metadata.uid ?? "").localeCompare(b.metadata.uid ?? "")
  );
}

const phase = (pod: Pod): number => PHASE_ORDER[pod.status?.phase ?? "Pending"] ?? 1;
const cost = (pod: Pod): number => Number.parseInt(pod.metadata.annotations?.[DELETION_COST] ?? "0", 10) || 0;
const restarts = (pod: Pod): number => Math.max(0, ...(pod.status?.containerStatuses ?? []).map((c) => c.restartCount ?? 0));

function readySince(pod: Pod): number {
  const ready = findCondition(pod.status?.conditions, "Ready");
  return ready?.status === "True" ? Date.parse((ready.lastTransitionTime as string | undefined) ?? "") : Number.NaN;
}

/** Ages within the same power of two count as equal, so that deletions spread (KEP-2185). */
function bucket(since_ms: number, now_ms: number): number {
  if (Number.isNaN(since_ms)) return -1;
  return Math.floor(Math.log2(Math.max(1, (now_ms - since_ms) / 1000)));
}
