import { findCondition, isPodActive, isPodAvailable, isPodReady, matchesLabels, type Pod, type ReplicaSet } from "@flotilla/api";
import { omitEmpty, type StatusCondition, withCondition, withoutCondition } from "@flotilla/controller";
import { pickForDeletion } from "./ranking.ts";

/** One sync creates or deletes at most this many. */
const BURST_REPLICAS = 500;

export type ReplicaSetStatus = NonNullable<ReplicaSet["status"]>;
export type PodAction = { kind: "none" } | { kind: "create"; count: number } | { kind: "delete"; pods: Pod[] };

/** How many pods to make, or which to delete. `owned` are all pods of the set, `related` those of its siblings too. */
export function planPods(set: ReplicaSet, owned: Pod[], related: Pod[], now_ms: number): PodAction {
  if (set.metadata.deletionTimestamp !== undefined) return { kind: "none" };
  const active = owned.filter(isPodActive);
  const missing = (set.spec?.replicas ?? 1) - active.length;
  if (missing > 0) return { kind: "create", count: Math.min(missing, BURST_REPLICAS) };
  if (missing === 0) return { kind: "none" };
  return { kind: "delete", pods: pickForDeletion(active, related.filter(isPodActive), Math.min(-missing, BURST_REPLICAS), now_ms) };
}

/** Status from the pods; `failure` is what kept a pod from being made or deleted. */
export function planStatus(
  set: ReplicaSet,
  owned: Pod[],
  now_ms: number,
  failure?: { action: PodAction["kind"]; message: string },
): ReplicaSetStatus {
  const active = owned.filter(isPodActive);
  const minReady = set.spec?.minReadySeconds ?? 0;
  const template = set.spec?.template?.metadata?.labels ?? {};
  let conditions = (set.status?.conditions ?? []) as StatusCondition[];
  const failed = findCondition(conditions, "ReplicaFailure");
  if (failure && !failed) {
    const reason = failure.action === "delete" ? "FailedDelete" : "FailedCreate";
    conditions = withCondition(conditions, { type: "ReplicaFailure", status: "True", reason, message: failure.message }, now_ms);
  } else if (!failure && failed) conditions = withoutCondition(conditions, "ReplicaFailure");
  const counts = omitEmpty({
    observedGeneration: set.metadata.generation,
    fullyLabeledReplicas: active.filter((pod) => matchesLabels(template, pod.metadata.labels)).length,
    readyReplicas: active.filter(isPodReady).length,
    availableReplicas: active.filter((pod) => isPodAvailable(pod, minReady, now_ms)).length,
    conditions,
  });
  return { replicas: active.length, ...counts } as ReplicaSetStatus;
}

/** Milliseconds until the next ready pod has been ready for minReadySeconds. */
export function nextAvailable_ms(set: ReplicaSet, owned: Pod[], now_ms: number): number | undefined {
  const minReady = set.spec?.minReadySeconds ?? 0;
  if (minReady === 0) return undefined;
  const waits = owned
    .filter((pod) => isPodActive(pod) && isPodReady(pod) && !isPodAvailable(pod, minReady, now_ms))
    .map(
      (pod) =>
        Date.parse(findCondition(pod.status?.conditions, "Ready")?.lastTransitionTime as unknown as string) + minReady * 1000 - now_ms,
    );
  return waits.length === 0 ? undefined : Math.max(0, Math.min(...waits));
}
