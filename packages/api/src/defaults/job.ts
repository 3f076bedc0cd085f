/** Defaults of Jobs (upstream: pkg/apis/batch/v1/defaults.go). */
import type { Job } from "../types.ts";
import { defaultPodSpec } from "./pod-spec.ts";

const BACKOFF_LIMIT = 6;
const INT32_MAX = 2 ** 31 - 1;

export function defaultJob({ metadata, spec }: Job): void {
  if (!spec) return;
  // With neither given it is a job of one pod; with only parallelism, a work queue.
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? BACKOFF_LIMIT : INT32_MAX;
  const labels = spec.template?.metadata?.labels ?? {};
  if (Object.keys(labels).length > 0 && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels };
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? "Failed" : "TerminatingOrFailed";
  defaultJobTemplate(spec);
}

/** What a CronJob's template gets of it: the rest is the job's when it is made. */
export function defaultJobTemplate(spec: NonNullable<Job["spec"]>): void {
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= "True";
  }
  if (spec.template?.spec) defaultPodSpec(spec.template.spec);
}
