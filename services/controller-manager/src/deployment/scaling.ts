import type { ReplicaSet } from "@flotilla/api";
import { DESIRED_REPLICAS, MAX_REPLICAS, numberAnnotation, revisionOf } from "./annotations.ts";
import { availableOf, byCreation, type Rollout, replicasOf, sum } from "./rollout.ts";

/** Brings the sets to a new size of the Deployment, also in the middle of a rollout (upstream's proportional scaling). */
export function scaleStep(rollout: Rollout): void {
  const only = activeOrLatest(rollout);
  if (only) {
    rollout.scale(only, rollout.desired);
    return;
  }
  if (isSaturated(rollout)) {
    for (const set of rollout.oldSets) if (replicasOf(set) > 0) rollout.scale(set, 0);
    return;
  }
  if (rollout.isRolling) scaleProportionally(rollout);
}

/** The one set with pods, or with none active the newest. */
function activeOrLatest(rollout: Rollout): ReplicaSet | undefined {
  const active = rollout.allSets.filter((set) => replicasOf(set) > 0);
  if (active.length === 1) return active[0];
  if (active.length > 1) return undefined;
  return rollout.newSet ?? [...rollout.oldSets].sort((a, b) => revisionOf(b) - revisionOf(a))[0];
}

function isSaturated(rollout: Rollout): boolean {
  const set = rollout.newSet;
  if (!set) return false;
  const { desired } = rollout;
  return replicasOf(set) === desired && numberAnnotation(set, DESIRED_REPLICAS) === desired && availableOf(set) === desired;
}

/** Shares the difference among all active sets by their size; what rounding leaves goes to the largest. */
function scaleProportionally(rollout: Rollout): void {
  const { desired } = rollout;
  const active = rollout.allSets.filter((set) => replicasOf(set) > 0);
  const allowed = desired > 0 ? desired + rollout.maxSurge : 0;
  const toAdd = allowed - sum(active, replicasOf);
  // Growing, the newer of two equals first; shrinking, the older.
  const age = (a: ReplicaSet, b: ReplicaSet) => (toAdd > 0 ? byCreation(b, a) : byCreation(a, b));
  active.sort((a, b) => replicasOf(b) - replicasOf(a) || age(a, b));
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const set of active) {
    const share = toAdd === 0 ? 0 : proportion(rollout, set, toAdd, added);
    sizes.set(set, replicasOf(set) + share);
    added += share;
  }
  const largest = active[0];
  if (largest && toAdd !== 0) sizes.set(largest, Math.max(0, sizes.get(largest)! + toAdd - added));
  for (const [set, size] of sizes) rollout.scale(set, size);
}

function proportion(rollout: Rollout, set: ReplicaSet, toAdd: number, added: number): number {
  const share = fraction(rollout, set);
  const left = toAdd - added;
  return toAdd > 0 ? Math.min(share, left) : Math.max(share, left);
}

function fraction(rollout: Rollout, set: ReplicaSet): number {
  const size = replicasOf(set);
  if (rollout.desired === 0) return -size;
  const before = numberAnnotation(set, MAX_REPLICAS) ?? rollout.deployment.status?.replicas ?? 0;
  if (before === 0) return 0;
  return Math.round((size * (rollout.desired + rollout.maxSurge)) / before) - size;
}
