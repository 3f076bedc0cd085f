import { cleanUpHistory } from "./history.ts";
import { newSetSize } from "./new-set.ts";
import { availableOf, byCreation, type Rollout, replicasOf, sum } from "./rollout.ts";
import { isComplete } from "./status.ts";

/** One step of a rolling update: grow the new set, else shrink the old ones; the next step follows when pods change. */
export function rollingStep(rollout: Rollout): void {
  if (sizeNewSet(rollout)) return;
  if (shrinkOldSets(rollout)) return;
  if (isComplete(rollout)) cleanUpHistory(rollout);
}

/** Recreate: no new pod before the last old one is gone. */
export function recreateStep(rollout: Rollout, oldPodsRunning: boolean, createNew: () => void): void {
  let shrunk = false;
  for (const set of rollout.oldSets) if (replicasOf(set) > 0) shrunk = rollout.scale(set, 0) || shrunk;
  if (shrunk || oldPodsRunning) return;
  createNew();
  rollout.scale(rollout.newSet!, rollout.desired);
  if (isComplete(rollout)) cleanUpHistory(rollout);
}

function sizeNewSet(rollout: Rollout): boolean {
  const set = rollout.newSet!;
  const present = replicasOf(set);
  if (present === rollout.desired) return false;
  return rollout.scale(set, present > rollout.desired ? rollout.desired : newSetSize(rollout, present));
}

function shrinkOldSets(rollout: Rollout): boolean {
  const all = sum(rollout.allSets, replicasOf);
  if (sum(rollout.oldSets, replicasOf) === 0) return false;
  const newSet = rollout.newSet!;
  const minAvailable = rollout.desired - rollout.maxUnavailable;
  // New pods that are not available yet may still fail: they don't count as cover.
  const newUnavailable = replicasOf(newSet) - availableOf(newSet);
  const removable = all - minAvailable - newUnavailable;
  if (removable <= 0) return false;
  const cleaned = removeUnhealthy(rollout, removable);
  const scaled = removeHealthy(rollout, minAvailable);
  return cleaned || scaled;
}

/** Old pods that are not available cover nothing: they go first, or a bad rollout could block its own repair. */
function removeUnhealthy(rollout: Rollout, removable: number): boolean {
  let left = removable;
  let changed = false;
  for (const set of [...rollout.oldSets].sort(byCreation)) {
    const size = replicasOf(set);
    if (left <= 0) break;
    if (size === 0 || size === availableOf(set)) continue;
    const gone = Math.min(left, size - availableOf(set));
    left -= gone;
    changed = rollout.scale(set, size - gone) || changed;
  }
  return changed;
}

function removeHealthy(rollout: Rollout, minAvailable: number): boolean {
  let left = sum(rollout.allSets, availableOf) - minAvailable;
  let changed = false;
  for (const set of [...rollout.oldSets].sort(byCreation)) {
    if (left <= 0) break;
    const size = replicasOf(set);
    if (size === 0) continue;
    const gone = Math.min(size, left);
    left -= gone;
    changed = rollout.scale(set, size - gone) || changed;
  }
  return changed;
}
