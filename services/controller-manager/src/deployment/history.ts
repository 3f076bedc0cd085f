import { revisionOf } from "./annotations.ts";
import { type Rollout, replicasOf } from "./rollout.ts";

/** Deletes the oldest empty sets beyond revisionHistoryLimit. */
export function cleanUpHistory(rollout: Rollout): void {
  const limit = rollout.deployment.spec?.revisionHistoryLimit ?? 10;
  const alive = rollout.oldSets.filter((set) => set.metadata.deletionTimestamp === undefined);
  const surplus = alive.length - limit;
  if (surplus <= 0) return;
  for (const set of alive.sort((a, b) => revisionOf(a) - revisionOf(b)).slice(0, surplus)) {
    const settled = (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0);
    if ((set.status?.replicas ?? 0) === 0 && replicasOf(set) === 0 && settled) rollout.delete(set);
  }
}
