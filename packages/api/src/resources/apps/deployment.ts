import { defaultPodSpec } from "../../defaults/pod-spec.ts";
import { ageColumn, column, defineResource, nameColumn, scaleSubresource, statusSubresource } from "../../define.ts";
import { jsonEqual } from "../../json-equal.ts";
import type { Deployment } from "../../types.ts";
import { immutable } from "../../validation/common.ts";
import { validateDeployment, validateDeploymentStatus } from "../../validation/deployment.ts";
import { podNameWarnings } from "../../validation/name-warnings.ts";
import { podSpecWarnings } from "../../validation/pod.ts";
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
  subresources: [scaleSubresource(), statusSubresource<Deployment>("Deployment", { validateUpdate: validateDeploymentStatus })],
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
