import { type Deployment, findCondition, type ReplicaSet } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import { omitEmpty, type StatusCondition, withCondition, withoutCondition } from "@flotilla/controller";
import { availableOf, type Rollout, replicasOf, sum } from "./rollout.ts";

export type DeploymentStatus = NonNullable<Deployment["status"]>;
type Conditions = StatusCondition[];

export const NEW_SET_AVAILABLE = "NewReplicaSetAvailable";
export const TIMED_OUT = "ProgressDeadlineExceeded";
/** math.MaxInt32: no deadline. */
const NO_DEADLINE = 2_147_483_647;

/** Status as the sets show it, with Available but not yet Progressing judged. */
export function countStatus(rollout: Rollout, conditions: Conditions): DeploymentStatus {
  const { deployment, now_ms, allSets } = rollout;
  const available = sum(allSets, availableOf);
  const enough = available >= rollout.desired - rollout.maxUnavailable;
  const availability = enough
    ? { status: "True", reason: "MinimumReplicasAvailable", message: "Deployment has minimum availability." }
    : { status: "False", reason: "MinimumReplicasUnavailable", message: "Deployment does not have minimum availability." };
  const next = withCondition(conditions, { type: "Available", lastUpdateTime: rfc3339(now_ms), ...availability }, now_ms);
  return omitEmpty({
    observedGeneration: deployment.metadata.generation,
    replicas: sum(allSets, (s) => s.status?.replicas ?? 0),
    updatedReplicas: rollout.newSet?.status?.replicas ?? 0,
    readyReplicas: sum(allSets, (s) => s.status?.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(allSets, replicasOf) - available),
    collisionCount: deployment.status?.collisionCount,
    conditions: next,
  }) as DeploymentStatus;
}

/** All pods are new, and available. */
export function isComplete(rollout: Rollout, status: DeploymentStatus | undefined = rollout.deployment.status): boolean {
  const { desired, deployment } = rollout;
  return (
    (status?.updatedReplicas ?? 0) === desired &&
    (status?.replicas ?? 0) === desired &&
    (status?.availableReplicas ?? 0) === desired &&
    (status?.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** Judges the progress of a rollout: done, moving, or past its deadline. */
export function judgeProgress(rollout: Rollout, status: DeploymentStatus): DeploymentStatus {
  const { deployment, now_ms } = rollout;
  const before = deployment.status;
  let conditions = (status.conditions ?? []) as Conditions;
  const current = findCondition(conditions, "Progressing");
  const settled = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === NEW_SET_AVAILABLE;
  const who = rollout.newSet ? `ReplicaSet "${rollout.newSet.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  const set = (value: "True" | "False", reason: string, what: string) => {
    const time = rfc3339(now_ms);
    const condition = { type: "Progressing", status: value, reason, message: `${who} ${what}.`, lastUpdateTime: time };
    conditions = withCondition(conditions, condition, now_ms);
  };
  if (hasDeadline(deployment) && !settled) {
    if (isComplete(rollout, status)) set("True", NEW_SET_AVAILABLE, "has successfully progressed");
    else if (isMoving(before, status)) {
      // Taken out first, so that lastUpdateTime moves even when the reason stays.
      const transition = current?.status === "True" ? current.lastTransitionTime : undefined;
      conditions = withoutCondition(conditions, "Progressing");
      set("True", "ReplicaSetUpdated", "is progressing");
      if (transition) conditions = conditions.map((c) => (c.type === "Progressing" ? { ...c, lastTransitionTime: transition } : c));
    } else if (isTimedOut(rollout, status)) set("False", TIMED_OUT, "has timed out progressing");
  }
  return { ...status, conditions: withReplicaFailure(rollout, conditions) as DeploymentStatus["conditions"] };
}

function isMoving(before: DeploymentStatus | undefined, after: DeploymentStatus): boolean {
  const old = (s: DeploymentStatus | undefined) => (s?.replicas ?? 0) - (s?.updatedReplicas ?? 0);
  const rose = (of: (s: DeploymentStatus | undefined) => number | undefined) => (of(after) ?? 0) > (of(before) ?? 0);
  return old(after) < old(before) || rose((s) => s?.updatedReplicas) || rose((s) => s?.readyReplicas) || rose((s) => s?.availableReplicas);
}

function isTimedOut(rollout: Rollout, status: DeploymentStatus): boolean {
  const left = deadlineLeft_ms(rollout.deployment, status, rollout.now_ms);
  const current = findCondition((status.conditions ?? []) as Conditions, "Progressing");
  return current?.reason === TIMED_OUT || (left !== undefined && left < 0);
}

export function hasDeadline(deployment: Deployment): boolean {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== null && seconds !== NO_DEADLINE;
}

/** Milliseconds until a rollout without progress is called stuck; undefined when none is under way. */
export function deadlineLeft_ms(deployment: Deployment, status: DeploymentStatus, now_ms: number): number | undefined {
  const current = findCondition((status.conditions ?? []) as Conditions, "Progressing");
  if (!hasDeadline(deployment) || !current?.lastUpdateTime) return undefined;
  if (current.reason === NEW_SET_AVAILABLE || current.reason === TIMED_OUT) return undefined;
  return Date.parse(current.lastUpdateTime) + deployment.spec!.progressDeadlineSeconds! * 1000 - now_ms;
}

/** A set that cannot make its pods (quota) tells it through its Deployment. */
function withReplicaFailure(rollout: Rollout, conditions: Conditions): Conditions {
  const failing = (set: ReplicaSet | undefined) => findCondition((set?.status?.conditions ?? []) as Conditions, "ReplicaFailure");
  const own = failing(rollout.newSet) ?? rollout.oldSets.map(failing).find((c) => c !== undefined);
  if (!own) return withoutCondition(conditions, "ReplicaFailure");
  return withCondition(conditions, { ...own, lastUpdateTime: rfc3339(rollout.now_ms) }, rollout.now_ms);
}
