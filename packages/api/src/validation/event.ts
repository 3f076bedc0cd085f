/** Events: what the old API lets pass, and what events.k8s.io asks of new ones (KEP-383). */
import type { FieldErrors } from "../field-error.ts";
import { jsonEqual } from "../json-equal.ts";
import { qualifiedNameErrors } from "../names.ts";
import type { Event } from "../types.ts";
import { immutable } from "./common.ts";

const INSTANCE_MAX = 128;
const ACTION_MAX = 128;
const REASON_MAX = 128;
const NOTE_MAX = 1024;
const OTHER_NAMESPACE = "does not match event.namespace";
const UNSET = "needs to be unset";

/** Both APIs' rule: an event with an eventTime is one of the new ones. */
export function validateEvent(event: Event, errors: FieldErrors): void {
  const { namespace = "" } = event.involvedObject ?? {};
  if (event.eventTime === undefined) {
    if (event.metadata.namespace !== (namespace || "default")) errors.invalid("involvedObject.namespace", namespace, OTHER_NAMESPACE);
    return;
  }
  if (namespace === "" && event.metadata.namespace !== "default" && event.metadata.namespace !== "kube-system")
    errors.invalid("involvedObject.namespace", namespace, OTHER_NAMESPACE);
  const { reportingComponent: controller = "", reportingInstance: instance = "", action = "", reason = "", message = "" } = event;
  if (controller === "") errors.required("reportingController");
  errors.invalidEach("reportingController", controller, qualifiedNameErrors(controller));
  requireUpTo("reportingInstance", instance, INSTANCE_MAX, errors);
  requireUpTo("action", action, ACTION_MAX, errors);
  requireUpTo("reason", reason, REASON_MAX, errors);
  if (message.length > NOTE_MAX) errors.invalid("message", "", `can have at most ${NOTE_MAX} characters`);
}

function requireUpTo(field: string, text: string, max: number, errors: FieldErrors): void {
  if (text === "") errors.required(field);
  if (text.length > max) errors.invalid(field, "", `can have at most ${max} characters`);
}

/** Only through events.k8s.io: the old fields are not for new events. */
export function validateNewEvent(event: Event, errors: FieldErrors): void {
  validateSeries(event, errors);
  if (event.eventTime === undefined) errors.required("eventTime");
  if (event.type !== "Normal" && event.type !== "Warning") errors.invalid("type", "", `has invalid value: ${event.type ?? ""}`);
  for (const name of ["firstTimestamp", "lastTimestamp", "count"] as const) if (event[name]) errors.invalid(name, "", UNSET);
  if (event.source?.component || event.source?.host) errors.invalid("source", "", UNSET);
}

function validateSeries({ series }: Event, errors: FieldErrors): void {
  if (!series) return;
  if ((series.count ?? 0) < 2) errors.invalid("series.count", "", "should be at least 2");
  if (series.lastObservedTime === undefined) errors.required("series.lastObservedTime");
}

const FIXED = ["involvedObject", "reason", "message", "source", "firstTimestamp", "lastTimestamp", "count", "type", "eventTime"].concat([
  "action",
  "related",
]) as (keyof Event)[];

/** Through events.k8s.io an event's series alone goes on. */
export function validateNewEventUpdate(event: Event, old: Event, errors: FieldErrors): void {
  if (!jsonEqual(event.series, old.series)) validateSeries(event, errors);
  for (const name of FIXED) immutable(name, event[name], old[name], errors);
  immutable("reportingController", event.reportingComponent, old.reportingComponent, errors);
  immutable("reportingInstance", event.reportingInstance, old.reportingInstance, errors);
}
