import type { FieldErrors } from "../field-error.ts";
import type { IntOrString } from "../int-or-string.ts";
import type { DaemonSet } from "../types.ts";
import { isEmptySelector, isUsableSelector, nonNegative, validateLabelSelector } from "./common.ts";
import { atMostHundredPercent, countOrPercent } from "./deployment.ts";
import { nonNegativeCounts, notDecremented, requireMatch, requireReadOnlyDisks, validateTemplateOf } from "./workload.ts";

type Spec = NonNullable<DaemonSet["spec"]>;

export function validateDaemonSet(set: DaemonSet, errors: FieldErrors): void {
  const spec: Partial<Spec> = set.spec ?? {};
  const { selector, template } = spec;
  validateLabelSelector(selector, "spec.selector", errors);
  if (!selector || isUsableSelector(selector)) requireMatch(selector, template, errors);
  if (selector && isEmptySelector(selector)) errors.invalid("spec.selector", selector, "empty selector is invalid for daemonset");
  validateTemplateOf("DaemonSet", { ...(template ? { template } : {}) }, errors);
  requireReadOnlyDisks(template, errors);
  nonNegative("spec.minReadySeconds", spec.minReadySeconds, errors);
  validateStrategy(spec.updateStrategy, errors);
  nonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit, errors);
}

/** Upstream tells unavailable and surplus pods apart: exactly one of them may be zero (KEP-1591). */
function validateStrategy(strategy: Spec["updateStrategy"], errors: FieldErrors): void {
  const at = "spec.updateStrategy.rollingUpdate";
  if (strategy?.type === "OnDelete") return;
  if (strategy?.type !== "RollingUpdate") return errors.notSupported("spec.updateStrategy", strategy, ["OnDelete", "RollingUpdate"]);
  const rolling = strategy.rollingUpdate;
  if (!rolling) return errors.required(at);
  const [maxUnavailable, maxSurge] = [rolling.maxUnavailable, rolling.maxSurge] as IntOrString[];
  const surge = countOrPercent(`${at}.maxSurge`, maxSurge, errors);
  const unavailable = countOrPercent(`${at}.maxUnavailable`, maxUnavailable, errors);
  if (surge > 0 && unavailable > 0) errors.invalid(`${at}.maxSurge`, maxSurge, "may not be set when maxUnavailable is non-zero");
  else if (surge === 0 && unavailable === 0) errors.required(`${at}.maxUnavailable`, "cannot be 0 when maxSurge is 0");
  atMostHundredPercent(`${at}.maxSurge`, maxSurge!, surge, errors);
  atMostHundredPercent(`${at}.maxUnavailable`, maxUnavailable!, unavailable, errors);
}

const COUNTS = ["currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady", "observedGeneration"];
const MORE_COUNTS = ["updatedNumberScheduled", "numberAvailable", "numberUnavailable", "collisionCount"];

export function validateDaemonSetStatus(set: DaemonSet, old: DaemonSet, errors: FieldErrors): void {
  const status = set.status as Record<string, unknown> | undefined;
  nonNegativeCounts(status, [...COUNTS, ...MORE_COUNTS], errors);
  notDecremented(status, old.status as Record<string, unknown> | undefined, errors);
}
