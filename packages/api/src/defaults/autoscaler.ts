/** Defaults of autoscaling/v2 (upstream: pkg/apis/autoscaling/v2/defaults.go). */
import type { HorizontalPodAutoscaler } from "../types.ts";

type Behavior = NonNullable<NonNullable<HorizontalPodAutoscaler["spec"]>["behavior"]>;

export const CPU_UTILIZATION_PERCENT = 80;
const UP: NonNullable<Behavior["scaleUp"]> = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ],
};
const DOWN: NonNullable<Behavior["scaleDown"]> = {
  selectPolicy: "Max",
  policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
};

export function defaultAutoscaler({ spec }: HorizontalPodAutoscaler): void {
  if (!spec) return;
  spec.minReplicas ??= 1;
  if ((spec.metrics ?? []).length === 0) {
    const target = { type: "Utilization", averageUtilization: CPU_UTILIZATION_PERCENT };
    spec.metrics = [{ type: "Resource", resource: { name: "cpu", target } }];
  }
  if (!spec.behavior) return;
  spec.behavior.scaleUp = { ...structuredCopy(UP), ...spec.behavior.scaleUp };
  spec.behavior.scaleDown = { ...structuredCopy(DOWN), ...spec.behavior.scaleDown };
}

/** Policies are not shared between objects. */
const structuredCopy = <T extends { policies?: object[] }>(rules: T): T => ({
  ...rules,
  policies: (rules.policies ?? []).map((policy) => ({ ...policy })),
});
