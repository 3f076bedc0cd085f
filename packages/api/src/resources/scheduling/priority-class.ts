import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import type { PriorityClass } from "../../types.ts";
import { immutable, optionalOneOf } from "../../validation/common.ts";

const USER_MAX = 1_000_000_000;
const SYSTEM_PREFIX = "system-";

export const priorityClasses = defineResource<PriorityClass>({
  group: "scheduling.k8s.io",
  version: "v1",
  kind: "PriorityClass",
  resource: "priorityclasses",
  schema: "scheduling/v1.PriorityClass",
  namespaced: false,
  shortNames: ["pc"],
  table: [
    nameColumn(),
    column("Value", (priority) => priority.value ?? 0, { type: "integer" }),
    column("Global-Default", (priority) => priority.globalDefault ?? false, { type: "boolean" }),
    ageColumn(),
    column("PreemptionPolicy", (priority) => priority.preemptionPolicy ?? ""),
  ],
  defaults(priority) {
    priority.value ??= 0;
    priority.preemptionPolicy ||= "PreemptLowerPriority";
  },
  strategy: {
    tracksGeneration: true,
    validate(priority, errors) {
      const name = priority.metadata.name ?? "";
      const system = ["system-node-critical", "system-cluster-critical"].includes(name);
      if (name.startsWith(SYSTEM_PREFIX) && !system) {
        errors.forbidden("metadata.name", "priority class names with 'system-' prefix are reserved for system use only");
      } else if (!system && (priority.value ?? 0) > USER_MAX) {
        errors.forbidden("value", `maximum allowed value of a user defined priority is ${USER_MAX}`);
      }
      optionalOneOf("preemptionPolicy", priority.preemptionPolicy, ["Never", "PreemptLowerPriority"], errors);
    },
    validateUpdate(priority, old, errors) {
      if ((priority.value ?? 0) !== (old.value ?? 0)) errors.forbidden("value", "may not be changed in an update.");
      immutable("preemptionPolicy", priority.preemptionPolicy, old.preemptionPolicy, errors);
    },
  },
});
