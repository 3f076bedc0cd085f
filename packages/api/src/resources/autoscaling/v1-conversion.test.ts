import assert from "node:assert/strict";
import { test } from "node:test";
import type { HorizontalPodAutoscaler } from "../../types.ts";
import { fromV2, toV2 } from "./v1-conversion.ts";

const V2: HorizontalPodAutoscaler = {
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  metadata: { name: "a", annotations: { mine: "1" } },
  spec: {
    scaleTargetRef: { kind: "Deployment", name: "d", apiVersion: "apps/v1" },
    minReplicas: 1,
    maxReplicas: 3,
    metrics: [
      { type: "Pods", pods: { metric: { name: "m" }, target: { type: "AverageValue", averageValue: "1k" } } },
      {
        type: "Object",
        object: { describedObject: { kind: "Service", name: "s" }, metric: { name: "q" }, target: { type: "Value", value: "5" } },
      },
      {
        type: "External",
        external: { metric: { name: "e", selector: { matchLabels: { a: "b" } } }, target: { type: "Value", value: "2" } },
      },
      { type: "Resource", resource: { name: "memory", target: { type: "AverageValue", averageValue: "1Gi" } } },
      { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } },
    ],
    behavior: { scaleDown: { stabilizationWindowSeconds: 60, policies: [{ type: "Pods", value: 1, periodSeconds: 15 }] } },
  },
  status: {
    currentReplicas: 2,
    desiredReplicas: 3,
    conditions: [{ type: "AbleToScale", status: "True" }],
    currentMetrics: [{ type: "Resource", resource: { name: "cpu", current: { averageUtilization: 70, averageValue: "7m" } } }],
  },
};

test("v2 seen as v1 and back is the same", () => assert.deepEqual(toV2(fromV2(V2)), V2));

test("v1 shows CPU as fields and keeps the rest in annotations", () => {
  const { spec, status, metadata } = fromV2(V2);
  assert.equal(spec?.targetCPUUtilizationPercentage, 50);
  assert.equal(status?.currentCPUUtilizationPercentage, 70);
  const names = Object.keys(metadata.annotations ?? {}).map((key) => key.replace("autoscaling.alpha.kubernetes.io/", ""));
  assert.deepEqual(names.sort(), ["behavior", "conditions", "current-metrics", "metrics", "mine"]);
});

test("an annotation that is no JSON counts as none", () => {
  const metadata = { name: "a", annotations: { "autoscaling.alpha.kubernetes.io/metrics": "{" } };
  const spec = { scaleTargetRef: { kind: "Deployment", name: "d" }, maxReplicas: 1, targetCPUUtilizationPercentage: 9 };
  assert.deepEqual(
    toV2({ metadata, spec }).spec?.metrics?.map(({ type }) => type),
    ["Resource"],
  );
});
