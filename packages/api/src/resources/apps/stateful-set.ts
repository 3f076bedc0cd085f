import { defaultClaimTemplate } from "../../defaults/claim.ts";
import { defaultPodSpec } from "../../defaults/pod-spec.ts";
import { ageColumn, column, defineResource, nameColumn, scaleSubresource, statusSubresource } from "../../define.ts";
import type { StatefulSet } from "../../types.ts";
import { podNameWarnings } from "../../validation/name-warnings.ts";
import { podSpecWarnings } from "../../validation/pod.ts";
import { validateStatefulSet, validateStatefulSetStatus, validateStatefulSetUpdate } from "../../validation/stateful-set.ts";
import { withCounts } from "../../validation/workload.ts";
import { replicasScale } from "../scale.ts";
import { templateColumns } from "../workload-columns.ts";

const COUNTS = ["replicas", "availableReplicas"];

export const statefulSets = defineResource<StatefulSet>({
  group: "apps",
  version: "v1",
  kind: "StatefulSet",
  resource: "statefulsets",
  schema: "apps/v1.StatefulSet",
  shortNames: ["sts"],
  categories: ["all"],
  subresources: [scaleSubresource(), statusSubresource<StatefulSet>("StatefulSet", { validateUpdate: validateStatefulSetStatus })],
  scale: replicasScale,
  table: [
    nameColumn(),
    column("Ready", ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
    ageColumn(),
    ...templateColumns<StatefulSet>().filter(({ name }) => name !== "Selector"),
  ],
  defaults(set) {
    set.status = withCounts(set.status, COUNTS);
    const { spec } = set;
    if (!spec) return;
    spec.podManagementPolicy ||= "OrderedReady";
    spec.updateStrategy ??= {};
    if (!spec.updateStrategy.type) {
      spec.updateStrategy.type = "RollingUpdate";
      spec.updateStrategy.rollingUpdate ??= {};
    }
    if (spec.updateStrategy.type === "RollingUpdate" && spec.updateStrategy.rollingUpdate) {
      spec.updateStrategy.rollingUpdate.partition ??= 0;
    }
    const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {});
    retention.whenDeleted ||= "Retain";
    retention.whenScaled ||= "Retain";
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    if (spec.template?.spec) defaultPodSpec(spec.template.spec);
    for (const claim of spec.volumeClaimTemplates ?? []) defaultClaimTemplate(claim);
  },
  strategy: {
    tracksGeneration: true,
    prepareForCreate(set) {
      set.status = withCounts<NonNullable<StatefulSet["status"]>>(undefined, COUNTS);
    },
    validate: validateStatefulSet,
    validateUpdate: validateStatefulSetUpdate,
    warnings(set) {
      const template = set.spec?.template?.spec;
      const history = set.spec?.revisionHistoryLimit ?? 0;
      return [
        ...podNameWarnings(set),
        ...(template ? podSpecWarnings(template, "spec.template.spec") : []),
        ...(history < 0
          ? ["spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"]
          : []),
      ];
    },
  },
});
