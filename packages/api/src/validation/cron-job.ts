/** CronJobs (upstream: pkg/apis/batch/validation). */
import { CronError, isTimeZone, parseCron } from "../cron.ts";
import type { FieldErrors } from "../field-error.ts";
import { byteLength } from "../names.ts";
import type { CronJob } from "../types.ts";
import { nonNegative, oneOf } from "./common.ts";
import { jobSpecWarnings, validateJobSpec } from "./job.ts";
import { podNameWarnings } from "./name-warnings.ts";

/** Jobs get the CronJob's name and eleven characters of the time. */
const NAME_BYTES_MAX = 52;
const ZONE_PART = /^[A-Za-z.\-_0-9+]{1,14}$/;
const ZONE_IN_SCHEDULE = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";

export function validateCronJob(job: CronJob, errors: FieldErrors): void {
  const spec: Partial<NonNullable<CronJob["spec"]>> = job.spec ?? {};
  if (byteLength(job.metadata.name ?? "") > NAME_BYTES_MAX) {
    errors.invalid("metadata.name", job.metadata.name, "must be no more than 52 characters");
  }
  validateSchedule(spec.schedule ?? "", errors);
  nonNegative("spec.startingDeadlineSeconds", spec.startingDeadlineSeconds, errors);
  validateTimeZone(spec.timeZone, "spec.timeZone", errors);
  oneOf("spec.concurrencyPolicy", spec.concurrencyPolicy, ["Allow", "Forbid", "Replace"], errors);
  const template: Partial<NonNullable<typeof spec.jobTemplate>["spec"]> = spec.jobTemplate?.spec ?? {};
  const at = "spec.jobTemplate.spec";
  validateJobSpec(template ?? {}, at, errors);
  if (template?.selector) errors.invalid(`${at}.selector`, template.selector, "`selector` will be auto-generated");
  if (template?.manualSelector) errors.notSupported(`${at}.manualSelector`, template.manualSelector, ["nil", "false"]);
  nonNegative("spec.successfulJobsHistoryLimit", spec.successfulJobsHistoryLimit, errors);
  nonNegative("spec.failedJobsHistoryLimit", spec.failedJobsHistoryLimit, errors);
}

function validateSchedule(schedule: string, errors: FieldErrors): void {
  if (schedule === "") return errors.required("spec.schedule");
  try {
    parseCron(schedule);
  } catch (error) {
    if (!(error instanceof CronError)) throw error;
    errors.invalid("spec.schedule", schedule, error.message);
  }
  if (schedule.includes("TZ")) errors.invalid("spec.schedule", schedule, ZONE_IN_SCHEDULE);
}

function validateTimeZone(zone: string | undefined, field: string, errors: FieldErrors): void {
  if (zone === undefined) return;
  if (zone === "") return errors.invalid(field, zone, "timeZone must be nil or non-empty string");
  if (zone.toLowerCase() === "local") {
    return errors.invalid(field, zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
  }
  if (!zone.split("/").every((part) => ZONE_PART.test(part)) || !isTimeZone(zone)) errors.invalid(field, zone, `unknown time zone ${zone}`);
}

/** Objects from before the rule keep a zone in their schedule, with a warning. */
export function validateCronJobUpdate(job: CronJob, old: CronJob, errors: FieldErrors): void {
  if (!old.spec?.schedule?.includes("TZ") || job.spec?.timeZone !== undefined) return;
  const kept = errors.list.filter(({ field, message }) => !(field === "spec.schedule" && message.endsWith(ZONE_IN_SCHEDULE)));
  errors.list.splice(0, errors.list.length, ...kept);
}

export function cronJobWarnings(job: CronJob): string[] {
  const zone = job.spec?.schedule?.includes("TZ")
    ? [
        "CRON_TZ or TZ used in spec.schedule is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details",
      ]
    : [];
  return [...podNameWarnings(job), ...jobSpecWarnings(job.spec?.jobTemplate?.spec, "spec.jobTemplate.spec"), ...zone];
}
