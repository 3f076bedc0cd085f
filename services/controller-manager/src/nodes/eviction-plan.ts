import { type Pod, type Taint, type Toleration, toleratesTaint } from "@flotilla/api";

/** When a pod must leave its node: milliseconds since the epoch, or never. */
export type Eviction = { kind: "stay" } | { kind: "leave"; at_ms: number };

/**
 * What NoExecute taints mean for a pod: one that it does not tolerate evicts at once, one that
 * it tolerates for a time evicts after that time, counted from when taint and pod met: `since_ms`
 * is when we first saw it so, for taints that don't say when they were added (people's own).
 */
export function planEviction(pod: Pod, taints: Taint[], since_ms: number, now_ms: number): Eviction {
  const executing = taints.filter((t) => t.effect === "NoExecute");
  const tolerations = (pod.spec?.tolerations ?? []) as Toleration[];
  let at_ms = Number.POSITIVE_INFINITY;
  for (const taint of executing) {
    const fitting = tolerations.filter((t) => toleratesTaint(t, taint));
    if (fitting.length === 0) return { kind: "leave", at_ms: now_ms };
    const limits = fitting.flatMap((t) => (t.tolerationSeconds === undefined || t.tolerationSeconds === null ? [] : [t.tolerationSeconds]));
    if (limits.length === 0) continue;
    const met_ms = Math.max(time(taint.timeAdded) ?? since_ms, time(pod.metadata.creationTimestamp) ?? 0);
    at_ms = Math.min(at_ms, met_ms + Math.max(0, Math.min(...limits)) * 1000);
  }
  return at_ms === Number.POSITIVE_INFINITY ? { kind: "stay" } : { kind: "leave", at_ms: Math.max(at_ms, now_ms) };
}

function time(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}
