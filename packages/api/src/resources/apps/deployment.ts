import { defaultPodSpec } from "../../defaults/pod-spec.ts";
import { ageColumn, column, defineResource, nameColumn, scaleSubresource, statusSubresource } from "../../define.ts";
import type { FieldErrors } from "../../field-error.ts";
import { type IntOrString, isPercent, scaledValue } from "../../int-or-string.ts";
import { jsonEqual } from "../../json-equal.ts";
import type { Deployment } from "../../types.ts";
import { immutable, nonNegative, oneOf } from "../../validation/common.ts";
import { podNameWarnings } from "../../validation/name-warnings.ts";
import { podSpecWarnings } from "../../validation/pod.ts";
import { validateWorkload } from "../../validation/workload.ts";
import { replicasScale } from "../scale.ts";
import { templateColumns } from "../workload-columns.ts";

export const deployments = defineResource<Deployment>({
  group: "apps",
  version: "v1",
  kind: "Deployment",
  resource: "deployments",
  schema: "apps/v1.Deployment",
  shortNames: ["deploy"],
  categories: ["all"],
  subresources: [scaleSubresource(), statusSubresource("Deployment")],
  scale: replicasScale,
  table: [
    nameColumn(),
    column("Ready", ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
    column("Up-to-date", ({ status }) => status?.updatedReplicas ?? 0),
    column("Available", ({ status }) => status?.availableReplicas ?? 0),
    ageColumn(),
    ...templateColumns<Deployment>(),
  ],
  defaults(deployment) {
    const { spec } = deployment;
    if (!spec) return;
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    spec.strategy ??= {};
    spec.strategy.type ||= "RollingUpdate";
    if (spec.strategy.type === "RollingUpdate") {
      spec.strategy.rollingUpdate ??= {};
      spec.strategy.rollingUpdate.maxUnavailable ??= "25%";
      spec.strategy.rollingUpdate.maxSurge ??= "25%";
    }
    if (spec.template?.spec) defaultPodSpec(spec.template.spec);
  },
  strategy: {
    tracksGeneration: true,
    specChanged: (deployment, old) =>
      !jsonEqual(deployment.spec, old.spec) || !jsonEqual(deployment.metadata.annotations, old.metadata.annotations),
    validate: validateDeployment,
    validateUpdate: (deployment, old, errors) => immutable("spec.selector", deployment.spec?.selector, old.spec?.selector, errors),
    warnings(deployment) {
      const template = deployment.spec?.template?.spec;
      return [...podNameWarnings(deployment), ...(template ? podSpecWarnings(template, "spec.template.spec") : [])];
    },
  },
});

function validateDeployment(deployment: Deployment, errors: FieldErrors): void {
  const spec = deployment.spec ?? ({} as NonNullable<Deployment["spec"]>);
  validateWorkload("deployment", spec, errors);
  nonNegative("spec.replicas", spec.replicas, errors);
  nonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit, errors);
  nonNegative("spec.progressDeadlineSeconds", spec.progressDeadlineSeconds, errors);
  if (spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds <= (spec.minReadySeconds ?? 0)) {
    errors.invalid("spec.progressDeadlineSeconds", spec.progressDeadlineSeconds, "must be greater than minReadySeconds");
  }
  oneOf("spec.strategy.type", spec.strategy?.type, ["Recreate", "RollingUpdate"], errors);
  const rolling = spec.strategy?.rollingUpdate;
  if (spec.strategy?.type === "Recreate") {
    if (rolling) errors.forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'");
    return;
  }
  if (!rolling) return;
  const surge = countOrPercent("spec.strategy.rollingUpdate.maxSurge", rolling.maxSurge as IntOrString, errors);
  const unavailable = countOrPercent("spec.strategy.rollingUpdate.maxUnavailable", rolling.maxUnavailable as IntOrString, errors);
  if (surge === 0 && unavailable === 0) {
    errors.invalid("spec.strategy.rollingUpdate.maxUnavailable", rolling.maxUnavailable, "may not be 0 when `maxSurge` is 0");
  }
  if (unavailable > 100 && isPercent(rolling.maxUnavailable as IntOrString)) {
    errors.invalid("spec.strategy.rollingUpdate.maxUnavailable", rolling.maxUnavailable, "must not be greater than 100%");
  }
}

/** The number, or the percentage of 100; NaN where it is neither (and then an error). */
export function countOrPercent(field: string, value: IntOrString | undefined, errors: FieldErrors): number {
  if (typeof value === "number") {
    nonNegative(field, value, errors);
    return value;
  }
  if (value === undefined || !/^\d+%$/.test(value)) {
    errors.invalid(
      field,
      value,
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    );
    return Number.NaN;
  }
  return scaledValue(value, 100, "up");
}
