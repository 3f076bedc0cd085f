import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import type { CSIDriver } from "../../types.ts";
import { immutable, optionalOneOf } from "../../validation/common.ts";

const TOKEN_MIN_SECONDS = 600;
const REQUIRED = ["attachRequired", "podInfoOnMount", "storageCapacity", "requiresRepublish"] as const;

export const csiDrivers = defineResource<CSIDriver>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSIDriver",
  resource: "csidrivers",
  schema: "storage/v1.CSIDriver",
  namespaced: false,
  table: [
    nameColumn(),
    column("AttachRequired", ({ spec }) => spec?.attachRequired ?? true, { type: "boolean" }),
    column("PodInfoOnMount", ({ spec }) => spec?.podInfoOnMount ?? false, { type: "boolean" }),
    column("StorageCapacity", ({ spec }) => spec?.storageCapacity ?? false, { type: "boolean" }),
    column("TokenRequests", ({ spec }) => (spec?.tokenRequests ?? []).map(({ audience }) => audience).join(",") || "<unset>"),
    column("RequiresRepublish", ({ spec }) => spec?.requiresRepublish ?? false, { type: "boolean" }),
    column("Modes", ({ spec }) => (spec?.volumeLifecycleModes ?? []).join(",") || "<none>"),
    ageColumn(),
  ],
  defaults({ spec }) {
    if (!spec) return;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= "ReadWriteOnceWithFSType";
    if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ["Persistent"];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
  strategy: {
    validate({ spec }, errors) {
      for (const name of REQUIRED) if (spec?.[name] === undefined) errors.required(`spec.${name}`);
      for (const mode of spec?.volumeLifecycleModes ?? []) {
        optionalOneOf("spec.volumeLifecycleModes", mode, ["Ephemeral", "Persistent"], errors);
      }
      optionalOneOf("spec.fsGroupPolicy", spec?.fsGroupPolicy, ["File", "None", "ReadWriteOnceWithFSType"], errors);
      const audiences = new Set<string>();
      (spec?.tokenRequests ?? []).forEach(({ audience, expirationSeconds }, index) => {
        const at = `spec.tokenRequests[${index}]`;
        if (audiences.has(audience)) errors.duplicate(`${at}.audience`, audience);
        audiences.add(audience);
        if (expirationSeconds !== undefined && expirationSeconds < TOKEN_MIN_SECONDS) {
          errors.invalid(`${at}.expirationSeconds`, expirationSeconds, "may not specify a duration less than 10 minutes");
        }
      });
    },
    validateUpdate({ spec }, old, errors) {
      immutable("spec.attachRequired", spec?.attachRequired, old.spec?.attachRequired, errors);
      immutable("spec.volumeLifecycleModes", spec?.volumeLifecycleModes, old.spec?.volumeLifecycleModes, errors);
    },
  },
});
