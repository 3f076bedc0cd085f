import { defaultPodSpec } from "../../defaults/pod-spec.ts";
import { ageColumn, column, defineResource, nameColumn, statusSubresource } from "../../define.ts";
import type { IntOrString } from "../../int-or-string.ts";
import type { DaemonSet } from "../../types.ts";
import { immutable, oneOf } from "../../validation/common.ts";
import { validateWorkload } from "../../validation/workload.ts";
import { formatLabels } from "../pod-columns.ts";
import { countColumn, templateColumns } from "../workload-columns.ts";
import { countOrPercent } from "./deployment.ts";

export const daemonSets = defineResource<DaemonSet>({
  group: "apps",
  version: "v1",
  kind: "DaemonSet",
  resource: "daemonsets",
  schema: "apps/v1.DaemonSet",
  shortNames: ["ds"],
  categories: ["all"],
  subresources: [statusSubresource("DaemonSet")],
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
    validate({ spec }, errors) {
      validateWorkload("daemonset", spec ?? {}, errors);
      oneOf("spec.updateStrategy.type", spec?.updateStrategy?.type, ["OnDelete", "RollingUpdate"], errors);
      const rolling = spec?.updateStrategy?.rollingUpdate;
      if (!rolling) return;
      const unavailable = countOrPercent("spec.updateStrategy.rollingUpdate.maxUnavailable", rolling.maxUnavailable as IntOrString, errors);
      const surge = countOrPercent("spec.updateStrategy.rollingUpdate.maxSurge", rolling.maxSurge as IntOrString, errors);
      if (unavailable === 0 && surge === 0)
        errors.required("spec.updateStrategy.rollingUpdate.maxUnavailable", "cannot be 0 when maxSurge is 0");
    },
    validateUpdate: (set, old, errors) => immutable("spec.selector", set.spec?.selector, old.spec?.selector, errors),
  },
});
