/** autoscaling/v1: the same stored objects, with CPU as a field and everything else in annotations. */

import { CPU_UTILIZATION_PERCENT } from "../../defaults/autoscaler.ts";
import { defineResource, statusSubresource } from "../../define.ts";
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerV1, KubeObject } from "../../types.ts";
import { horizontalPodAutoscalers } from "./horizontal-pod-autoscaler.ts";
import { ANNOTATIONS, fromV2, toV2 } from "./v1-conversion.ts";

const v2 = (autoscaler: HorizontalPodAutoscalerV1): HorizontalPodAutoscaler => toV2(autoscaler);

export const horizontalPodAutoscalersV1 = defineResource<HorizontalPodAutoscalerV1>({
  group: "autoscaling",
  version: "v1",
  kind: "HorizontalPodAutoscaler",
  resource: "horizontalpodautoscalers",
  schema: "autoscaling/v1.HorizontalPodAutoscaler",
  shortNames: ["hpa"],
  categories: ["all"],
  storage: {
    group: "autoscaling",
    resource: "horizontalpodautoscalers",
    version: "v2",
    toStored: (obj) => toV2(obj as HorizontalPodAutoscalerV1) as unknown as KubeObject,
    fromStored: (obj) => fromV2(obj as unknown as HorizontalPodAutoscaler) as unknown as KubeObject,
  },
  subresources: [statusSubresource("HorizontalPodAutoscaler")],
  table: horizontalPodAutoscalers.columns.map((column, index) => ({
    ...column,
    cell: (autoscaler, now_ms) => horizontalPodAutoscalers.row(v2(autoscaler), now_ms)[index]!,
  })),
  defaults({ metadata, spec }) {
    if (!spec) return;
    spec.minReplicas ??= 1;
    if (metadata.annotations?.[ANNOTATIONS.metrics] === undefined) spec.targetCPUUtilizationPercentage ??= CPU_UTILIZATION_PERCENT;
  },
  strategy: {
    prepareForCreate(autoscaler) {
      autoscaler.status = { currentReplicas: 0, desiredReplicas: 0 };
    },
    validate: (autoscaler, errors) => horizontalPodAutoscalers.strategy.validate!(v2(autoscaler), errors),
  },
});
