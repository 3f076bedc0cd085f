import { defaultClaim } from "../../defaults/claim.ts";
import { ageColumn, column, defineResource, nameColumn, statusSubresource, wideColumn } from "../../define.ts";
import type { PersistentVolumeClaim } from "../../types.ts";
import { validateClaim, validateClaimUpdate } from "../../validation/persistent-volume.ts";
import { formatAccessModes } from "../storage/access-modes.ts";

const UNSET = "<unset>";

export const persistentVolumeClaims = defineResource<PersistentVolumeClaim>({
  group: "",
  version: "v1",
  kind: "PersistentVolumeClaim",
  resource: "persistentvolumeclaims",
  schema: "core/v1.PersistentVolumeClaim",
  shortNames: ["pvc"],
  subresources: [statusSubresource("PersistentVolumeClaim")],
  table: [
    nameColumn(),
    column("Status", ({ metadata, status }) => (metadata.deletionTimestamp === undefined ? (status?.phase ?? "") : "Terminating")),
    column("Volume", ({ spec }) => spec?.volumeName ?? ""),
    column("Capacity", ({ spec, status }) => (spec?.volumeName ? (status?.capacity?.["storage"] ?? "0") : "")),
    column("Access Modes", ({ spec, status }) => (spec?.volumeName ? formatAccessModes(status?.accessModes) : "")),
    column("StorageClass", ({ spec }) => spec?.storageClassName ?? ""),
    column("VolumeAttributesClass", ({ spec }) => spec?.volumeAttributesClassName ?? UNSET),
    ageColumn(),
    wideColumn("VolumeMode", ({ spec }) => spec?.volumeMode ?? UNSET),
  ],
  defaults: defaultClaim,
  strategy: {
    prepareForCreate(claim) {
      claim.status = { phase: "Pending" };
      alignSources(claim);
    },
    prepareForUpdate: alignSources,
    validate: validateClaim,
    validateUpdate: validateClaimUpdate,
  },
  selectableFields: { name: ({ metadata }) => metadata.name ?? "" },
});

/** dataSource and its successor dataSourceRef say the same, unless the latter crosses namespaces. */
function alignSources({ spec }: PersistentVolumeClaim): void {
  if (spec?.dataSource && !spec.dataSourceRef) spec.dataSourceRef = { ...spec.dataSource };
  else if (spec?.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace) {
    const { namespace: _, ...source } = spec.dataSourceRef;
    spec.dataSource = source;
  }
}
