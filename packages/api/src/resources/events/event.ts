/** events.k8s.io/v1: the same stored events under newer names (`kubectl events` reads these). */

import { defineResource } from "../../define.ts";
import type { Event, KubeObject } from "../../types.ts";
import { validateEvent, validateNewEvent, validateNewEventUpdate } from "../../validation/event.ts";
import { events as coreEvents } from "../core/event.ts";

/** events.k8s.io/v1 name → core/v1 name. */
const RENAMED: [string, string][] = [
  ["reportingController", "reportingComponent"],
  ["regarding", "involvedObject"],
  ["note", "message"],
  ["deprecatedSource", "source"],
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedCount", "count"],
];

export const eventsV1 = defineResource<KubeObject>({
  group: "events.k8s.io",
  version: "v1",
  kind: "Event",
  resource: "events",
  schema: "events/v1.Event",
  shortNames: ["ev"],
  storage: {
    group: "",
    resource: "events",
    version: "v1",
    toStored: (obj) => ({ ...rename(obj, RENAMED), apiVersion: "v1" }),
    fromStored: (obj) => ({
      ...rename(
        obj,
        RENAMED.map(([a, b]) => [b, a]),
      ),
      apiVersion: "events.k8s.io/v1",
    }),
  },
  table: coreEvents.columns.map((column, index) => ({
    ...column,
    cell: (obj, now_ms) => coreEvents.row(rename(obj, RENAMED) as unknown as Event, now_ms)[index]!,
  })),
  strategy: {
    allowCreateOnUpdate: true,
    validate: (event, errors) => validateEvent(stored(event), errors),
    validateCreate: (event, errors) => validateNewEvent(stored(event), errors),
    validateUpdate: (event, old, errors) => validateNewEventUpdate(stored(event), stored(old), errors),
  },
  selectableFields: Object.fromEntries(
    Object.entries(coreEvents.selectableFields).map(([label, value]) => [
      label.replace("involvedObject", "regarding").replace("reportingComponent", "reportingController"),
      (obj: KubeObject) => value(rename(obj, RENAMED) as unknown as Event),
    ]),
  ),
});

/** As the core API names the fields: so do the messages. */
const stored = (event: KubeObject): Event => rename(event, RENAMED) as unknown as Event;

function rename(obj: KubeObject, names: [string, string][]): KubeObject {
  const result: KubeObject = { ...obj };
  for (const [from, to] of names) {
    if (result[from] === undefined) continue;
    result[to] = result[from];
    delete result[from];
  }
  return result;
}
