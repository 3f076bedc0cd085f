import { column, defineResource, nameColumn, wideColumn } from "../../define.ts";
import { ageOf } from "../../duration.ts";
import type { Event } from "../../types.ts";
import { validateEvent } from "../../validation/event.ts";

const UNKNOWN = "<unknown>";

export const events = defineResource<Event>({
  group: "",
  version: "v1",
  kind: "Event",
  resource: "events",
  schema: "core/v1.Event",
  shortNames: ["ev"],
  table: [
    column("Last Seen", lastSeen),
    column("Type", (event) => event.type ?? ""),
    column("Reason", (event) => event.reason ?? ""),
    column("Object", (event) => `${(event.involvedObject?.kind ?? "").toLowerCase()}/${event.involvedObject?.name ?? ""}`),
    wideColumn("Subobject", (event) => event.involvedObject?.fieldPath ?? ""),
    wideColumn("Source", source),
    column("Message", (event) => (event.message ?? "").trim()),
    wideColumn("First Seen", (event, now_ms) => ageOf(firstSeen(event), now_ms)),
    wideColumn("Count", (event) => event.series?.count ?? event.count ?? 1),
    { ...nameColumn<Event>(), priority: 1 },
  ],
  defaults(event) {
    event.reportingComponent ??= "";
    event.reportingInstance ??= "";
  },
  strategy: {
    allowCreateOnUpdate: true,
    validate: validateEvent,
  },
  selectableFields: {
    "involvedObject.kind": (event) => event.involvedObject?.kind ?? "",
    "involvedObject.namespace": (event) => event.involvedObject?.namespace ?? "",
    "involvedObject.name": (event) => event.involvedObject?.name ?? "",
    "involvedObject.uid": (event) => event.involvedObject?.uid ?? "",
    "involvedObject.apiVersion": (event) => event.involvedObject?.apiVersion ?? "",
    "involvedObject.resourceVersion": (event) => event.involvedObject?.resourceVersion ?? "",
    "involvedObject.fieldPath": (event) => event.involvedObject?.fieldPath ?? "",
    reason: (event) => event.reason ?? "",
    reportingComponent: (event) => event.reportingComponent ?? "",
    source: (event) => event.source?.component || event.reportingComponent || "",
    type: (event) => event.type ?? "",
  },
});

const firstSeen = (event: Event): string | undefined => event.firstTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;

/** "5s", or "2s (x3 over 1m)" for one that came again. */
function lastSeen(event: Event, now_ms: number): string {
  const first = ageOf(firstSeen(event), now_ms);
  const last = event.series?.lastObservedTime ?? event.lastTimestamp ?? firstSeen(event);
  if (last === undefined) return UNKNOWN;
  const count = event.series?.count ?? event.count ?? 1;
  return count > 1 ? `${ageOf(last, now_ms)} (x${count} over ${first})` : ageOf(last, now_ms);
}

function source(event: Event): string {
  const component = event.source?.component || event.reportingComponent || "";
  return [component, event.source?.host].filter((part) => part).join(", ");
}
