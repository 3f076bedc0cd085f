/** Deployments and the roll-out numbers that they share with DaemonSets. */
import type { FieldErrors } from "../field-error.ts";
import { type IntOrString, isPercent, scaledValue } from "../int-or-string.ts";
import type { Deployment } from "../types.ts";
import { nonNegative } from "./common.ts";
import { atMostReplicas, availableAtMostReady, nonNegativeCounts, notDecremented, validateSelectorAndTemplate } from "./workload.ts";

type Spec = NonNullable<Deployment["spec"]>;

export function validateDeployment(deployment: Deployment, errors: FieldErrors): void {
  const spec = deployment.spec ?? ({} as Spec);
  nonNegative("spec.replicas", spec.replicas, errors);
  validateSelectorAndTemplate("deployment", "ReplicaSet", spec, errors);
  validateStrategy(spec.strategy, errors);
  nonNegative("spec.minReadySeconds", spec.minReadySeconds, errors);
  nonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit, errors);
  nonNegative("spec.progressDeadlineSeconds", spec.progressDeadlineSeconds, errors);
  if (spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds <= (spec.minReadySeconds ?? 0)) {
    errors.invalid("spec.progressDeadlineSeconds", spec.progressDeadlineSeconds, "must be greater than minReadySeconds");
  }
}

function validateStrategy(strategy: Spec["strategy"], errors: FieldErrors): void {
  const at = "spec.strategy.rollingUpdate";
  const rolling = strategy?.rollingUpdate;
  if (strategy?.type === "Recreate") {
    if (rolling) errors.forbidden(at, "may not be specified when strategy `type` is 'Recreate'");
    return;
  }
  if (strategy?.type !== "RollingUpdate") return errors.notSupported("spec.strategy", strategy, ["Recreate", "RollingUpdate"]);
  const unavailable = countOrPercent(`${at}.maxUnavailable`, rolling?.maxUnavailable as IntOrString, errors);
  const surge = countOrPercent(`${at}.maxSurge`, rolling?.maxSurge as IntOrString, errors);
  if (unavailable === 0 && surge === 0)
    errors.invalid(`${at}.maxUnavailable`, rolling?.maxUnavailable, "may not be 0 when `maxSurge` is 0");
  atMostHundredPercent(`${at}.maxUnavailable`, rolling?.maxUnavailable as IntOrString, unavailable, errors);
}

export function atMostHundredPercent(field: string, value: IntOrString, amount: number, errors: FieldErrors): void {
  if (amount > 100 && isPercent(value)) errors.invalid(field, value, "must not be greater than 100%");
}

/** The number, or the percentage of 100; what is neither counts as nothing (and is an error). */
export function countOrPercent(field: string, value: IntOrString | undefined, errors: FieldErrors): number {
  if (typeof value === "number") {
    nonNegative(field, value, errors);
    return value;
  }
  if (value === undefined || !/^[0-9]+%$/.test(value)) {
    const text = "a valid percent string must be a numeric string followed by an ending '%'";
    errors.invalid(field, value, `${text} (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')`);
    return 0;
  }
  return scaledValue(value, 100, "up");
}

const COUNTS = ["observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"];

export function validateDeploymentStatus(deployment: Deployment, old: Deployment, errors: FieldErrors): void {
  const status = deployment.status as Record<string, unknown> | undefined;
  nonNegativeCounts(status, [...COUNTS, "collisionCount"], errors);
  atMostReplicas(status, ["updatedReplicas", "readyReplicas", "availableReplicas"], errors);
  availableAtMostReady(status, "cannot be greater than readyReplicas", errors);
  notDecremented(status, old.status as Record<string, unknown> | undefined, errors);
}
