import { defaultPodSpec } from "../../defaults/pod-spec.ts";
import { ageColumn, column, defineResource, nameColumn, statusSubresource } from "../../define.ts";
import { jsonEqual } from "../../json-equal.ts";
import type { DaemonSet } from "../../types.ts";
import { immutable } from "../../validation/common.ts";
import { validateDaemonSet, validateDaemonSetStatus } from "../../validation/daemon-set.ts";
import { withCounts } from "../../validation/workload.ts";
import { formatLabels } from "../pod-columns.ts";
import { countColumn, templateColumns } from "../workload-columns.ts";

const COUNTS = ["currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady"];
/** What is left of a field of extensions/v1beta1: how often the template has changed. */
const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

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
  defaults(set) {
    set.status = withCounts(set.status, COUNTS);
    const { spec } = set;
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
    prepareForCreate(set) {
      set.status = withCounts<NonNullable<DaemonSet["status"]>>(undefined, COUNTS);
      setTemplateGeneration(set, 1);
    },
    prepareForUpdate(set, old) {
      const before = Number(old.metadata.annotations?.[TEMPLATE_GENERATION] ?? 0);
      setTemplateGeneration(set, before + (jsonEqual(set.spec?.template, old.spec?.template) ? 0 : 1));
    },
    validate: validateDaemonSet,
    validateUpdate: (set, old, errors) => immutable("spec.selector", set.spec?.selector, old.spec?.selector, errors),
  },
});

function setTemplateGeneration({ metadata }: DaemonSet, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(generation) };
}
