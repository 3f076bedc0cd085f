/** Jobs and job templates (upstream: pkg/apis/batch/validation). */
import type { FieldErrors } from "../field-error.ts";
import { jsonEqual } from "../json-equal.ts";
import { byteLength } from "../names.ts";
import { matchesLabelSelector } from "../selectors.ts";
import type { Job, PodTemplateSpec } from "../types.ts";
import { immutable, nonNegative, validateDomainPath, validateLabelSelector } from "./common.ts";
import { validatePodFailurePolicy, validateSuccessPolicy } from "./job-policy.ts";
import { podSpecWarnings } from "./pod.ts";
import { validatePodTemplate } from "./pod-spec.ts";

export type JobSpec = NonNullable<Job["spec"]>;

const INDEXED_PARALLELISM_MAX = 100_000;
const FAILED_INDEXES_MAX = 100_000;
const COMPLETIONS_SOFT_MAX = 100_000;
const PARALLELISM_ABOVE_SOFT_MAX = 10_000;
const MANAGED_BY_BYTES_MAX = 63;
const COUNTS = ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"] as const;
const INDEX_COUNTS = ["backoffLimitPerIndex", "maxFailedIndexes"] as const;
const IMMUTABLE = ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"] as const;

export function validateJob(job: Job, errors: FieldErrors): void {
  const spec: Partial<JobSpec> = job.spec ?? {};
  validateGeneratedLabels(job, errors);
  validateJobSpec(spec, "spec", errors);
  const labels = spec.template?.metadata?.labels;
  if (!spec.selector) return errors.required("spec.selector");
  validateLabelSelector(spec.selector, "spec.selector", errors);
  if (!matchesLabelSelector(spec.selector, labels ?? {})) {
    errors.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`");
  }
}

function validateGeneratedLabels({ metadata, spec }: Job, errors: FieldErrors): void {
  if (!spec?.selector || spec.manualSelector) return;
  const labels = spec.template?.metadata?.labels ?? {};
  const expected = { "batch.kubernetes.io/job-name": metadata.name ?? "", "batch.kubernetes.io/controller-uid": metadata.uid };
  for (const [key, value] of Object.entries(expected)) {
    const field = `spec.template.metadata.labels[${key}]`;
    if (labels[key] === undefined) errors.required(field, `must be '${value}'`);
    else if (labels[key] !== value) errors.invalid(field, labels, `must be '${value}'`);
  }
  if (!matchesLabelSelector(spec.selector, { "batch.kubernetes.io/controller-uid": metadata.uid ?? "" })) {
    errors.invalid("spec.selector", spec.selector, "`selector` not auto-generated");
  }
}

/** Everything but the selector: the same for a job and for a CronJob's template. */
export function validateJobSpec(spec: Partial<JobSpec>, field: string, errors: FieldErrors): void {
  for (const name of [...COUNTS, ...INDEX_COUNTS]) nonNegative(`${field}.${name}`, spec[name], errors);
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.required(`${field}.backoffLimitPerIndex`, "when maxFailedIndexes is specified");
  }
  if (spec.managedBy !== undefined) validateManagedBy(spec.managedBy, `${field}.managedBy`, errors);
  validateCompletionMode(spec, field, errors);
  if (spec.podFailurePolicy) validatePodFailurePolicy(spec, `${field}.podFailurePolicy`, errors);
  if (spec.successPolicy) validateSuccessPolicy(spec, `${field}.successPolicy`, errors);
  const replacement = spec.podFailurePolicy ? ["Failed"] : ["Failed", "TerminatingOrFailed"];
  if (spec.podReplacementPolicy !== undefined && !replacement.includes(spec.podReplacementPolicy)) {
    errors.notSupported(`${field}.podReplacementPolicy`, spec.podReplacementPolicy, replacement);
  }
  validatePodTemplate(spec.template, `${field}.template`, errors);
  validateRestartPolicy(spec, `${field}.template.spec.restartPolicy`, errors);
}

function validateManagedBy(value: string, field: string, errors: FieldErrors): void {
  validateDomainPath(value, field, errors);
  if (byteLength(value) > MANAGED_BY_BYTES_MAX) errors.tooLong(field, MANAGED_BY_BYTES_MAX);
}

function validateCompletionMode(spec: Partial<JobSpec>, field: string, errors: FieldErrors): void {
  const { completionMode: mode, completions, parallelism = 0, maxFailedIndexes: failed } = spec;
  if (mode !== undefined && mode !== "NonIndexed" && mode !== "Indexed") {
    errors.notSupported(`${field}.completionMode`, mode, ["Indexed", "NonIndexed"]);
  }
  if (mode !== "Indexed") {
    for (const name of INDEX_COUNTS) {
      if (mode === "NonIndexed" && spec[name] !== undefined)
        errors.invalid(`${field}.${name}`, spec[name], "requires indexed completion mode");
    }
    return;
  }
  if (completions === undefined) errors.required(`${field}.completions`, "when completion mode is Indexed");
  if (parallelism > INDEXED_PARALLELISM_MAX) {
    const problem = `must be less than or equal to ${INDEXED_PARALLELISM_MAX} when completion mode is Indexed`;
    errors.invalid(`${field}.parallelism`, parallelism, problem);
  }
  if (failed !== undefined && completions !== undefined && failed > completions) {
    errors.invalid(`${field}.maxFailedIndexes`, failed, "must be less than or equal to completions");
  }
  if (failed !== undefined && failed > FAILED_INDEXES_MAX) {
    errors.invalid(`${field}.maxFailedIndexes`, failed, `must be less than or equal to ${FAILED_INDEXES_MAX}`);
  }
  if (spec.backoffLimitPerIndex === undefined || (completions ?? 0) <= COMPLETIONS_SOFT_MAX) return;
  const above = `completions are above ${COMPLETIONS_SOFT_MAX} and used with backoff limit per index`;
  if (failed === undefined)
    errors.required(`${field}.maxFailedIndexes`, `must be specified when completions is above ${COMPLETIONS_SOFT_MAX}`);
  else if (failed > PARALLELISM_ABOVE_SOFT_MAX) {
    errors.invalid(`${field}.maxFailedIndexes`, failed, `must be less than or equal to ${PARALLELISM_ABOVE_SOFT_MAX} when ${above}`);
  }
  if (parallelism > PARALLELISM_ABOVE_SOFT_MAX) {
    errors.invalid(`${field}.parallelism`, parallelism, `must be less than or equal to ${PARALLELISM_ABOVE_SOFT_MAX} when ${above}`);
  }
}

function validateRestartPolicy(spec: Partial<JobSpec>, field: string, errors: FieldErrors): void {
  const policy = spec.template?.spec?.restartPolicy;
  // "Always" is what defaulting makes of an empty one.
  if (!policy || policy === "Always") errors.required(field, 'valid values: "OnFailure", "Never"');
  else if (policy !== "OnFailure" && policy !== "Never") errors.notSupported(field, policy, ["OnFailure", "Never"]);
  else if (spec.podFailurePolicy && policy !== "Never") {
    errors.invalid(field, policy, 'only "Never" is supported when podFailurePolicy is specified');
  }
}

export function validateJobUpdate(job: Job, old: Job, errors: FieldErrors): void {
  const [spec, before] = [job.spec!, old.spec!];
  validateCompletionsUpdate(spec, before, errors);
  immutable("spec.selector", spec.selector, before.selector, errors);
  const startable = before.suspend === true && old.status?.startTime === undefined;
  const template = startable ? withSchedulingOf(spec.template, before.template) : spec.template;
  if (!jsonEqual(template, before.template)) errors.invalid("spec.template", spec.template, "field is immutable");
  for (const name of IMMUTABLE) immutable(`spec.${name}`, spec[name], before[name], errors);
}

/** An elastic indexed job changes both numbers together (KEP-3715). */
function validateCompletionsUpdate(spec: JobSpec, before: JobSpec, errors: FieldErrors): void {
  if (jsonEqual(spec.completions, before.completions)) return;
  if (spec.completionMode !== "Indexed") return immutable("spec.completions", spec.completions, before.completions, errors);
  if (spec.completions !== spec.parallelism || spec.completions === undefined) {
    errors.invalid("spec.completions", spec.completions, "can only be modified in tandem with spec.parallelism");
  }
}

/** Until a suspended job first starts, where its pods may run is open (KEP-2926). */
function withSchedulingOf(template: PodTemplateSpec, before: PodTemplateSpec): PodTemplateSpec {
  const { affinity, nodeSelector, tolerations, schedulingGates } = before.spec ?? {};
  const { labels, annotations } = before.metadata ?? {};
  return {
    ...template,
    metadata: { ...template.metadata, labels, annotations },
    spec: { ...template.spec!, affinity, nodeSelector, tolerations, schedulingGates },
  } as PodTemplateSpec;
}

export function validateJobStatus(job: Job, old: Job, errors: FieldErrors): void {
  for (const name of ["active", "succeeded", "failed", "ready", "terminating"] as const)
    nonNegative(`status.${name}`, job.status?.[name], errors);
  const { startTime, completionTime } = job.status ?? {};
  const complete = (job.status?.conditions ?? []).some(({ type, status }) => type === "Complete" && status === "True");
  if (completionTime && !complete)
    errors.invalid("status.completionTime", completionTime, "cannot set completionTime when there is no Complete=True condition");
  if (completionTime && startTime && Date.parse(completionTime) < Date.parse(startTime)) {
    errors.invalid("status.completionTime", completionTime, "completionTime cannot be set before startTime");
  }
  for (const type of ["Complete", "Failed"]) {
    const holds = ({ status }: Job): boolean => (status?.conditions ?? []).some((each) => each.type === type && each.status === "True");
    if (holds(old) && !holds(job)) errors.invalid("status.conditions", job.status?.conditions, `cannot disable the ${type}=True condition`);
  }
}

export function jobSpecWarnings(spec: JobSpec | undefined, field: string): string[] {
  const warnings = spec?.template?.spec ? podSpecWarnings(spec.template.spec, `${field}.template.spec`) : [];
  const huge = (spec?.completions ?? 0) > COMPLETIONS_SOFT_MAX && (spec?.parallelism ?? 0) > PARALLELISM_ABOVE_SOFT_MAX;
  if (spec?.completionMode === "Indexed" && huge) {
    const problem = "Kubernetes might not be able to track completedIndexes when a big number of indexes fail";
    warnings.push(`${field}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, ${problem}`);
  }
  return warnings;
}
