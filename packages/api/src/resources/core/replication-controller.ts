import { defaultPodSpec } from "../../defaults/pod-spec.ts";
import { ageColumn, defineResource, nameColumn, scaleSubresource, statusSubresource, wideColumn } from "../../define.ts";
import type { FieldErrors } from "../../field-error.ts";
import { matchesLabels } from "../../selectors.ts";
import type { ReplicationController } from "../../types.ts";
import { nonNegative } from "../../validation/common.ts";
import { podNameWarnings } from "../../validation/name-warnings.ts";
import { validateReplicaStatus, validateTemplateOf, withCounts } from "../../validation/workload.ts";
import { containerImages, containerNames, formatLabels } from "../pod-columns.ts";
import { replicasScale } from "../scale.ts";
import { countColumn } from "../workload-columns.ts";

const COUNTS = ["replicas"];

export const replicationControllers = defineResource<ReplicationController>({
  group: "",
  version: "v1",
  kind: "ReplicationController",
  resource: "replicationcontrollers",
  schema: "core/v1.ReplicationController",
  shortNames: ["rc"],
  categories: ["all"],
  subresources: [
    scaleSubresource(),
    statusSubresource<ReplicationController>("ReplicationController", {
      validateUpdate: (controller, _old, errors) => validateReplicaStatus(controller, errors),
    }),
  ],
  scale: {
    // Its selector is a plain map of labels.
    get(controller) {
      const { selector, ...spec } = controller.spec ?? {};
      return replicasScale.get({ ...controller, spec: { ...spec, selector: { matchLabels: selector } } });
    },
    set: replicasScale.set,
  },
  table: [
    nameColumn(),
    countColumn("Desired", ({ spec }) => spec?.replicas),
    countColumn("Current", ({ status }) => status?.replicas),
    countColumn("Ready", ({ status }) => status?.readyReplicas),
    ageColumn(),
    wideColumn("Containers", ({ spec }) => containerNames(spec?.template?.spec)),
    wideColumn("Images", ({ spec }) => containerImages(spec?.template?.spec)),
    wideColumn("Selector", ({ spec }) => formatLabels(spec?.selector)),
  ],
  defaults(controller) {
    controller.status = withCounts(controller.status, COUNTS);
    const { metadata, spec } = controller;
    if (!spec) return;
    const labels = spec.template?.metadata?.labels ?? {};
    if (Object.keys(labels).length > 0) {
      if (isEmpty(spec.selector)) spec.selector = { ...labels };
      if (isEmpty(metadata.labels)) metadata.labels = { ...labels };
    }
    spec.replicas ??= 1;
    if (spec.template?.spec) defaultPodSpec(spec.template.spec);
  },
  strategy: {
    tracksGeneration: true,
    prepareForCreate(controller) {
      controller.status = withCounts<NonNullable<ReplicationController["status"]>>(undefined, COUNTS);
    },
    orphansByDefault: true,
    validate,
    warnings: podNameWarnings,
  },
  selectableFields: { "status.replicas": (controller) => String(controller.status?.replicas ?? 0) },
});

const isEmpty = (labels: Record<string, string> | undefined): boolean => Object.keys(labels ?? {}).length === 0;

function validate({ spec }: ReplicationController, errors: FieldErrors): void {
  nonNegative("spec.minReadySeconds", spec?.minReadySeconds, errors);
  if (isEmpty(spec?.selector)) errors.required("spec.selector");
  nonNegative("spec.replicas", spec?.replicas, errors);
  if (!spec?.template) return errors.required("spec.template");
  const labels = spec.template.metadata?.labels;
  if (!isEmpty(spec.selector) && !matchesLabels(spec.selector!, labels ?? {})) {
    errors.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`");
  }
  validateTemplateOf("ReplicationController", spec, errors);
}
