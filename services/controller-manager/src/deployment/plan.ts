import { type Deployment, findCondition, type ReplicaSet } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import { type StatusCondition, withCondition } from "@flotilla/controller";
import { REVISION } from "./annotations.ts";
import { cleanUpHistory } from "./history.ts";
import { ensureNewSet } from "./new-set.ts";
import { Rollout, replicasOf, type Write } from "./rollout.ts";
import { scaleStep } from "./scaling.ts";
import { countStatus, type DeploymentStatus, deadlineLeft_ms, hasDeadline, judgeProgress, NEW_SET_AVAILABLE, TIMED_OUT } from "./status.ts";
import { recreateStep, rollingStep } from "./strategies.ts";

export interface DeploymentView {
  deployment: Deployment;
  /** Those it owns. */
  sets: ReplicaSet[];
  /** Only Recreate asks: a pod of an old set that has not finished. */
  oldPodsRunning: (newSet: ReplicaSet | undefined) => boolean;
  now_ms: number;
}

export interface DeploymentPlan {
  writes: Write[];
  /** The Deployment's own revision annotation, where it is to change. */
  revision?: string;
  status: DeploymentStatus;
  /** When to look for an exceeded progress deadline. */
  requeueAfter_ms?: number;
}

/** What one sync of a Deployment does. Sources: upstream's deployment controller (sync, rolling, recreate, progress). */
export function planDeployment(view: DeploymentView): DeploymentPlan {
  const { deployment } = view;
  const rollout = new Rollout(deployment, view.sets, view.now_ms);
  if (deployment.metadata.deletionTimestamp !== undefined) return { writes: [], status: countStatus(rollout, conditionsOf(deployment)) };
  const before = rollout.newSet;
  let conditions = pauseConditions(rollout);
  const paused = deployment.spec?.paused === true;
  let judged = false;

  if (paused || rollout.isScaling()) {
    ensureNewSet(rollout, false);
    scaleStep(rollout);
    if (paused) cleanUpHistory(rollout);
  } else if (rollout.isRolling) {
    ensureNewSet(rollout, true);
    rollingStep(rollout);
    judged = true;
  } else {
    ensureNewSet(rollout, false);
    recreateStep(rollout, view.oldPodsRunning(rollout.newSet), () => ensureNewSet(rollout, true));
    judged = true;
  }

  if (!paused) conditions = newSetCondition(rollout, before, conditions);
  let status = countStatus(rollout, conditions);
  if (judged) status = judgeProgress(rollout, status);
  const revision = rollout.newSet?.metadata.annotations?.[REVISION];
  const left = judged ? deadlineLeft_ms(deployment, status, view.now_ms) : undefined;
  return {
    writes: rollout.writes,
    ...(revision && deployment.metadata.annotations?.[REVISION] !== revision ? { revision } : {}),
    status,
    ...(left === undefined ? {} : { requeueAfter_ms: Math.max(left, 0) + 1_000 }),
  };
}

/** The event of a write, or undefined. */
export function eventOf(write: Write): string | undefined {
  const name = write.set.metadata.name;
  if (write.kind === "create")
    return replicasOf(write.set) > 0 ? `Scaled up replica set ${name} from 0 to ${replicasOf(write.set)}` : undefined;
  if (write.kind !== "update" || !write.scaled) return undefined;
  const { from, to } = write.scaled;
  return `Scaled ${to > from ? "up" : "down"} replica set ${name} from ${from} to ${to}`;
}

const conditionsOf = (deployment: Deployment): StatusCondition[] => (deployment.status?.conditions ?? []) as StatusCondition[];

function progressing(rollout: Rollout, status: string, reason: string, message: string): StatusCondition {
  return { type: "Progressing", status, reason, message, lastUpdateTime: rfc3339(rollout.now_ms) };
}

/** Pausing stops the deadline's clock, resuming starts it anew. */
function pauseConditions(rollout: Rollout): StatusCondition[] {
  const { deployment, now_ms } = rollout;
  const conditions = conditionsOf(deployment);
  if (!hasDeadline(deployment)) return conditions;
  const current = findCondition(conditions, "Progressing");
  if (current?.reason === TIMED_OUT) return conditions;
  const pausedBefore = current?.reason === "DeploymentPaused";
  if (deployment.spec?.paused && !pausedBefore) {
    return withCondition(conditions, progressing(rollout, "Unknown", "DeploymentPaused", "Deployment is paused"), now_ms);
  }
  if (!deployment.spec?.paused && pausedBefore) {
    return withCondition(conditions, progressing(rollout, "Unknown", "DeploymentResumed", "Deployment is resumed"), now_ms);
  }
  return conditions;
}

function newSetCondition(rollout: Rollout, before: ReplicaSet | undefined, conditions: StatusCondition[]): StatusCondition[] {
  const name = rollout.newSet?.metadata.name;
  if (!name || !hasDeadline(rollout.deployment)) return conditions;
  if (!before) {
    const created = progressing(rollout, "True", "NewReplicaSetCreated", `Created new replica set "${name}"`);
    return withCondition(conditions, created, rollout.now_ms);
  }
  const current = findCondition(conditions, "Progressing");
  // An older template came back (rollback): the deadline starts anew although no set was created.
  const cameBack = current?.reason === NEW_SET_AVAILABLE || current?.reason === TIMED_OUT ? isRollback(rollout) : false;
  if (current && !cameBack) return conditions;
  return withCondition(
    conditions,
    progressing(rollout, "True", "FoundNewReplicaSet", `Found existing new replica set "${name}"`),
    rollout.now_ms,
  );
}

function isRollback(rollout: Rollout): boolean {
  return rollout.deployment.metadata.annotations?.[REVISION] !== rollout.newSet?.metadata.annotations?.[REVISION];
}
