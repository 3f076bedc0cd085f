import { defaultJob } from "../../defaults/job.ts";
import { ageColumn, column, defineResource, nameColumn, statusSubresource } from "../../define.ts";
import { humanDuration } from "../../duration.ts";
import { jsonEqual } from "../../json-equal.ts";
import { isConditionTrue } from "../../pod.ts";
import type { Job } from "../../types.ts";
import { jobSpecWarnings, validateJob, validateJobStatus, validateJobUpdate } from "../../validation/job.ts";
import { podNameWarnings } from "../../validation/name-warnings.ts";
import { templateColumns } from "../workload-columns.ts";

const PREFIX = "batch.kubernetes.io/";

export const jobs = defineResource<Job>({
  group: "batch",
  version: "v1",
  kind: "Job",
  resource: "jobs",
  schema: "batch/v1.Job",
  categories: ["all"],
  subresources: [statusSubresource<Job>("Job", { validateUpdate: validateJobStatus })],
  table: [
    nameColumn(),
    column("Status", status),
    column("Completions", completions),
    column("Duration", duration),
    ageColumn(),
    ...templateColumns<Job>(),
  ],
  defaults: defaultJob,
  strategy: {
    tracksGeneration: true,
    orphansByDefault: true,
    prepareForCreate: generateSelector,
    validate: validateJob,
    validateUpdate: validateJobUpdate,
    warnings: (job) => [...podNameWarnings(job), ...jobSpecWarnings(job.spec, "spec")],
  },
  selectableFields: { "status.successful": (job) => String(job.status?.succeeded ?? 0) },
});

/** Unless the user selects by hand, a job finds its pods by its own uid, which no other job shares. */
function generateSelector(job: Job): void {
  const { spec, metadata } = job;
  if (!spec?.template || spec.manualSelector) return;
  const meta = (spec.template.metadata ??= {});
  const labels = (meta.labels ??= {});
  // A job without labels of its own has its template's: these, too.
  const shared = jsonEqual(metadata.labels ?? {}, labels);
  for (const prefix of ["", PREFIX]) {
    labels[`${prefix}job-name`] ??= metadata.name ?? "";
    labels[`${prefix}controller-uid`] ??= metadata.uid ?? "";
  }
  if (shared) metadata.labels = { ...labels };
  const selector = (spec.selector ??= {});
  (selector.matchLabels ??= {})[`${PREFIX}controller-uid`] ??= metadata.uid ?? "";
}

function status({ metadata, status: { conditions } = {} }: Job): string {
  for (const [type, word] of [
    ["Complete", "Complete"],
    ["Failed", "Failed"],
  ] as const) {
    if (isConditionTrue(conditions, type)) return word;
  }
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].find((type) => isConditionTrue(conditions, type)) ?? "Running";
}

/** "1/3"; without a number to reach, one success is enough: "0/1 of 4". */
function completions({ spec, status: { succeeded = 0 } = {} }: Job): string {
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function duration({ status: { startTime, completionTime } = {} }: Job, now_ms: number): string {
  if (!startTime) return "";
  return humanDuration((completionTime ? Date.parse(completionTime) : now_ms) - Date.parse(startTime));
}
