import { defaultPodSpec } from "../../defaults/pod-spec.ts";
import { ageColumn, column, defineResource, nameColumn, statusSubresource } from "../../define.ts";
import type { DaemonSet } from "../../types.ts";
import { immutable } from "../../validation/common.ts";
import { validateDaemonSet, validateDaemonSetStatus } from "../../validation/daemon-set.ts";
import { formatLabels } from "../pod-columns.ts";
import { countColumn, templateColumns } from "../workload-columns.ts";

export const daemonSets = defineResource<DaemonSet>({
  group: "apps",
  version: "v1",
  kind: "DaemonSet",
  resource: "daemonsets",
  schema: "apps/v1.DaemonSet",
  shortNames: ["ds"],
  categories: ["all"],
  subresources: [statusSubresource<DaemonSet>("DaemonSet", { validateUpdate: validateDaemonSetStatus })],
  table: [
    nameColumn(),
    countColumn("Desired", ({ status }) => status?.desiredNumberScheduled),
    countColumn("Current", ({ status }) => status?.currentNumberScheduled),
    countColumn("Ready", ({ status }) => status?.numberReady),
    countColumn("Up-to-date", ({ status }) => status?.updatedNumberScheduled),
    countColumn("Available", ({ status }) => status?.numberAvailable),
    column("Node Selector", ({ spec }) => formatLabels(spec?.template?.spec?.nodeSelector)),
    ageColumn(),
    ...templateColumns<DaemonSet>(),
  ],
  defaults({ spec }) {
    if (!spec) return;
    spec.revisionHistoryLimit ??= 10;
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ||= "RollingUpdate";
    if (spec.updateStrategy.type === "RollingUpdate") {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
      spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
    }
    if (spec.template?.spec) defaultPodSpec(spec.template.spec);
  },
  strategy: {
    tracksGeneration: true,
    validate: validateDaemonSet,
    validateUpdate: (set, old, errors) => immutable("spec.selector", set.spec?.selector, old.spec?.selector, errors),
  },
});
