import { defaultAutoscaler } from "../../defaults/autoscaler.ts";
import { ageColumn, column, defineResource, nameColumn, statusSubresource } from "../../define.ts";
import type { HorizontalPodAutoscaler } from "../../types.ts";
import { validateAutoscaler, validateAutoscalerStatus } from "../../validation/autoscaler.ts";
import { formatMetrics } from "./metric-cells.ts";

/** autoscaling/v2: the stored form. */
export const horizontalPodAutoscalers = defineResource<HorizontalPodAutoscaler>({
  group: "autoscaling",
  version: "v2",
  kind: "HorizontalPodAutoscaler",
  resource: "horizontalpodautoscalers",
  schema: "autoscaling/v2.HorizontalPodAutoscaler",
  shortNames: ["hpa"],
  categories: ["all"],
  subresources: [statusSubresource<HorizontalPodAutoscaler>("HorizontalPodAutoscaler", { validateUpdate: validateAutoscalerStatus })],
  table: [
    nameColumn(),
    column("Reference", ({ spec }) => `${spec?.scaleTargetRef?.kind ?? ""}/${spec?.scaleTargetRef?.name ?? ""}`),
    column("Targets", ({ spec, status }) => formatMetrics(spec?.metrics ?? [], status?.currentMetrics ?? [])),
    column("MinPods", ({ spec }) => (spec?.minReplicas === undefined ? "<unset>" : String(spec.minReplicas))),
    column("MaxPods", ({ spec }) => spec?.maxReplicas ?? 0),
    column("Replicas", ({ status }) => status?.currentReplicas ?? 0),
    ageColumn(),
  ],
  defaults: defaultAutoscaler,
  strategy: {
    prepareForCreate(autoscaler) {
      autoscaler.status = { currentReplicas: 0, desiredReplicas: 0 };
    },
    validate: validateAutoscaler,
  },
});
