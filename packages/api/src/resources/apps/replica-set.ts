import { defaultPodSpec } from "../../defaults/pod-spec.ts";
import { ageColumn, defineResource, nameColumn, scaleSubresource, statusSubresource } from "../../define.ts";
import type { ReplicaSet } from "../../types.ts";
import { immutable, nonNegative } from "../../validation/common.ts";
import { podNameWarnings } from "../../validation/name-warnings.ts";
import { validateReplicaStatus, validateSelectorAndTemplate, withCounts } from "../../validation/workload.ts";
import { replicasScale } from "../scale.ts";
import { countColumn, templateColumns } from "../workload-columns.ts";

const COUNTS = ["replicas"];

export const replicaSets = defineResource<ReplicaSet>({
  group: "apps",
  version: "v1",
  kind: "ReplicaSet",
  resource: "replicasets",
  schema: "apps/v1.ReplicaSet",
  shortNames: ["rs"],
  categories: ["all"],
  subresources: [
    scaleSubresource(),
    statusSubresource<ReplicaSet>("ReplicaSet", { validateUpdate: (set, _old, errors) => validateReplicaStatus(set, errors) }),
  ],
  scale: replicasScale,
  table: [
    nameColumn(),
    countColumn("Desired", ({ spec }) => spec?.replicas),
    countColumn("Current", ({ status }) => status?.replicas),
    countColumn("Ready", ({ status }) => status?.readyReplicas),
    ageColumn(),
    ...templateColumns<ReplicaSet>(),
  ],
  defaults(set) {
    set.status = withCounts(set.status, COUNTS);
    const { spec } = set;
    if (!spec) return;
    spec.replicas ??= 1;
    if (spec.template?.spec) defaultPodSpec(spec.template.spec);
  },
  strategy: {
    tracksGeneration: true,
    prepareForCreate(set) {
      set.status = withCounts<NonNullable<ReplicaSet["status"]>>(undefined, COUNTS);
    },
    validate(set, errors) {
      nonNegative("spec.replicas", set.spec?.replicas, errors);
      nonNegative("spec.minReadySeconds", set.spec?.minReadySeconds, errors);
      // Upstream says "deployment" here too.
      validateSelectorAndTemplate("deployment", "ReplicaSet", set.spec ?? {}, errors);
    },
    warnings: podNameWarnings,
    validateUpdate: (set, old, errors) => immutable("spec.selector", set.spec?.selector, old.spec?.selector, errors),
  },
  selectableFields: { "status.replicas": (set) => String(set.status?.replicas ?? 0) },
});
