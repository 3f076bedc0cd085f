import { defaultJobTemplate } from "../../defaults/job.ts";
import { ageColumn, column, defineResource, nameColumn, statusSubresource, wideColumn } from "../../define.ts";
import { ageOf } from "../../duration.ts";
import { formatLabelSelector } from "../../selectors.ts";
import type { CronJob } from "../../types.ts";
import { cronJobWarnings, validateCronJob, validateCronJobUpdate } from "../../validation/cron-job.ts";
import { formatBool } from "../bool-column.ts";
import { containerImages, containerNames, NONE } from "../pod-columns.ts";

export const cronJobs = defineResource<CronJob>({
  group: "batch",
  version: "v1",
  kind: "CronJob",
  resource: "cronjobs",
  schema: "batch/v1.CronJob",
  shortNames: ["cj"],
  categories: ["all"],
  subresources: [statusSubresource("CronJob")],
  table: [
    nameColumn(),
    column("Schedule", ({ spec }) => spec?.schedule ?? ""),
    column("Timezone", ({ spec }) => spec?.timeZone ?? NONE),
    column("Suspend", ({ spec }) => formatBool(spec?.suspend), { type: "boolean" }),
    column("Active", ({ status }) => status?.active?.length ?? 0, { type: "integer" }),
    column("Last Schedule", ({ status }, now_ms) => (status?.lastScheduleTime ? ageOf(status.lastScheduleTime, now_ms) : NONE)),
    ageColumn(),
    wideColumn("Containers", ({ spec }) => containerNames(spec?.jobTemplate?.spec?.template?.spec)),
    wideColumn("Images", ({ spec }) => containerImages(spec?.jobTemplate?.spec?.template?.spec)),
    wideColumn("Selector", ({ spec }) => formatLabelSelector(spec?.jobTemplate?.spec?.selector)),
  ],
  defaults({ spec }) {
    if (!spec) return;
    spec.concurrencyPolicy ||= "Allow";
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    if (spec.jobTemplate?.spec) defaultJobTemplate(spec.jobTemplate.spec);
  },
  strategy: {
    tracksGeneration: true,
    validate: validateCronJob,
    validateUpdate: validateCronJobUpdate,
    warnings: cronJobWarnings,
  },
});
