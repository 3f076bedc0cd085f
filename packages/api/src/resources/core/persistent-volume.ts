import { defaultVolumeSources } from "../../defaults/volume-sources.ts";
import { ageColumn, column, defineResource, nameColumn, statusSubresource, wideColumn } from "../../define.ts";
import { formatTime } from "../../duration.ts";
import type { PersistentVolume } from "../../types.ts";
import { validatePersistentVolume, validatePersistentVolumeUpdate } from "../../validation/persistent-volume.ts";
import { formatAccessModes } from "../storage/access-modes.ts";

const UNSET = "<unset>";

export const persistentVolumes = defineResource<PersistentVolume>({
  group: "",
  version: "v1",
  kind: "PersistentVolume",
  resource: "persistentvolumes",
  schema: "core/v1.PersistentVolume",
  namespaced: false,
  shortNames: ["pv"],
  subresources: [
    statusSubresource<PersistentVolume>("PersistentVolume", {
      prepareForUpdate(volume, old, { now_ms }) {
        const { status } = volume;
        const moved = status && status.phase !== old.status?.phase;
        if (moved && status.lastPhaseTransitionTime === old.status?.lastPhaseTransitionTime) {
          status.lastPhaseTransitionTime = formatTime(now_ms);
        }
      },
    }),
  ],
  table: [
    nameColumn(),
    column("Capacity", ({ spec }) => spec?.capacity?.["storage"] ?? "0"),
    column("Access Modes", ({ spec }) => formatAccessModes(spec?.accessModes)),
    column("Reclaim Policy", ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? ""),
    column("Status", ({ metadata, status }) => (metadata.deletionTimestamp === undefined ? (status?.phase ?? "") : "Terminating")),
    column("Claim", ({ spec }) => (spec?.claimRef ? `${spec.claimRef.namespace ?? ""}/${spec.claimRef.name ?? ""}` : "")),
    column("StorageClass", ({ spec }) => spec?.storageClassName ?? ""),
    column("VolumeAttributesClass", ({ spec }) => spec?.volumeAttributesClassName ?? UNSET),
    column("Reason", ({ status }) => status?.reason ?? ""),
    ageColumn(),
    wideColumn("VolumeMode", ({ spec }) => spec?.volumeMode ?? UNSET),
  ],
  defaults(volume) {
    (volume.status ??= {}).phase ||= "Pending";
    const { spec } = volume;
    if (!spec) return;
    spec.persistentVolumeReclaimPolicy ||= "Retain";
    spec.volumeMode ??= "Filesystem";
    defaultVolumeSources(spec);
  },
  strategy: {
    prepareForCreate(volume, { now_ms }) {
      volume.status = { phase: "Pending", lastPhaseTransitionTime: formatTime(now_ms) };
    },
    validate: validatePersistentVolume,
    validateUpdate: validatePersistentVolumeUpdate,
  },
  selectableFields: { name: ({ metadata }) => metadata.name ?? "" },
});
