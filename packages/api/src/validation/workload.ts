/** What the kinds that make pods from a template have in common: a selector that matches the template, counts in the status. */
import type { FieldErrors } from "../field-error.ts";
import { matchesLabelSelector } from "../selectors.ts";
import type { LabelSelector, PodTemplateSpec } from "../types.ts";
import { isEmptySelector, isUsableSelector, nonNegative, validateLabelSelector } from "./common.ts";
import { validatePodTemplate } from "./pod-spec.ts";

interface WorkloadSpec {
  replicas?: number;
  selector?: LabelSelector;
  template?: PodTemplateSpec;
}

/** Deployments, ReplicaSets, StatefulSets: `kind` as in "empty selector is invalid for …", `owner` as its pods' controller is called. */
export function validateSelectorAndTemplate(kind: string, owner: string, spec: WorkloadSpec, errors: FieldErrors): void {
  const { selector, template } = spec;
  if (!selector) errors.required("spec.selector");
  else {
    validateLabelSelector(selector, "spec.selector", errors);
    if (isEmptySelector(selector)) errors.invalid("spec.selector", selector, `empty selector is invalid for ${kind}`);
  }
  if (selector && !isUsableSelector(selector)) return errors.invalid("spec.selector", selector, "invalid label selector");
  if (!selector || !isEmptySelector(selector)) requireMatch(selector, template, errors);
  validateTemplateOf(owner, spec, errors);
}

/** Without a selector nothing matches. */
export function requireMatch(selector: LabelSelector | undefined, template: PodTemplateSpec | undefined, errors: FieldErrors): void {
  const labels = template?.metadata?.labels;
  if (selector && matchesLabelSelector(selector, labels ?? {})) return;
  errors.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`");
}

/** The template of pods that run for ever. */
export function validateTemplateOf(owner: string, { template, replicas = 0 }: WorkloadSpec, errors: FieldErrors): void {
  validatePodTemplate(template, "spec.template", errors);
  if (replicas > 1) requireReadOnlyDisks(template, errors);
  const { restartPolicy, activeDeadlineSeconds } = template?.spec ?? {};
  if (restartPolicy && restartPolicy !== "Always") errors.notSupported("spec.template.spec.restartPolicy", restartPolicy, ["Always"]);
  if (activeDeadlineSeconds !== undefined) {
    errors.forbidden("spec.template.spec.activeDeadlineSeconds", `activeDeadlineSeconds in ${owner} is not Supported`);
  }
}

const READ_ONLY = "must be true for replicated pods > 1; GCE PD can only be mounted on multiple machines if it is read-only";

export function requireReadOnlyDisks(template: PodTemplateSpec | undefined, errors: FieldErrors): void {
  (template?.spec?.volumes ?? []).forEach(({ gcePersistentDisk }, index) => {
    if (!gcePersistentDisk || gcePersistentDisk.readOnly) return;
    errors.invalid(`spec.template.spec.volumes[${index}].gcePersistentDisk.readOnly`, false, READ_ONLY);
  });
}

type Counts = { readonly [name: string]: unknown } | undefined;
const numberIn = (status: Counts, name: string): number => (status?.[name] as number | undefined) ?? 0;

/** None below zero, in this order. */
export function nonNegativeCounts(status: Counts, names: readonly string[], errors: FieldErrors): void {
  for (const name of names) nonNegative(`status.${name}`, status?.[name] as number | undefined, errors);
}

/** Counts that are always written, zero or not: clients take them for granted. */
export function withCounts<S extends object>(status: S | undefined, names: readonly string[]): S {
  const counts = (status ?? {}) as Record<string, unknown>;
  for (const name of names) counts[name] ??= 0;
  return counts as S;
}

/** Each of these counts some of status.replicas. */
export function atMostReplicas(status: Counts, names: readonly string[], errors: FieldErrors): void {
  for (const name of names) {
    const count = numberIn(status, name);
    if (count > numberIn(status, "replicas")) errors.invalid(`status.${name}`, count, "cannot be greater than status.replicas");
  }
}

export function availableAtMostReady(status: Counts, text: string, errors: FieldErrors): void {
  const available = numberIn(status, "availableReplicas");
  if (available > numberIn(status, "readyReplicas")) errors.invalid("status.availableReplicas", available, text);
}

/** Collision counts only grow. */
export function notDecremented(status: Counts, before: Counts, errors: FieldErrors): void {
  if (before?.["collisionCount"] === undefined) return;
  const count = numberIn(status, "collisionCount");
  if (count < numberIn(before, "collisionCount")) errors.invalid("status.collisionCount", count, "cannot be decremented");
}

const REPLICA_COUNTS = ["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"];

/** ReplicaSets and ReplicationControllers. */
export function validateReplicaStatus({ status }: { status?: object }, errors: FieldErrors): void {
  const counts = status as Counts;
  nonNegativeCounts(counts, REPLICA_COUNTS, errors);
  atMostReplicas(counts, ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"], errors);
  availableAtMostReady(counts, "cannot be greater than readyReplicas", errors);
}
