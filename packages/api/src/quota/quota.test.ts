import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { KubeObject, Pod, ResourceQuota } from "../types.ts";
import { chargeQuota, missingRequirements, quotaResources, refundQuota, usageDelta } from "./charge.ts";
import { quotaUsage } from "./usage.ts";

const PODS = { group: "", resource: "pods" };
const SERVICES = { group: "", resource: "services" };

function uses(what: string, target: { group: string; resource: string }, body: object, expected: Record<string, string>): void {
  test(`${what} uses ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(quotaUsage(target, { metadata: {}, ...body } as KubeObject, 0), expected);
  });
}

const containers = (...list: [Record<string, string>?, Record<string, string>?][]) => ({
  containers: list.map(([requests, limits], i) => ({
    name: `c${i}`,
    resources: { ...(requests && { requests }), ...(limits && { limits }) },
  })),
});

uses("a deployment", { group: "apps", resource: "deployments" }, {}, { "count/deployments.apps": "1" });
uses("a secret", { group: "", resource: "secrets" }, {}, { "count/secrets": "1", secrets: "1" });
uses(
  "a pod",
  PODS,
  { spec: containers([{ cpu: "100m", "gpu.io/x": "1" }, { memory: "1Gi" }], [{ cpu: "1" }]) },
  {
    "count/pods": "1",
    pods: "1",
    cpu: "1100m",
    "requests.cpu": "1100m",
    "requests.gpu.io/x": "1",
    "limits.memory": "1Gi",
  },
);
uses("a pod that has ended", PODS, { spec: containers([{ cpu: "1" }]), status: { phase: "Failed" } }, { "count/pods": "1" });
uses(
  "a load balancer",
  SERVICES,
  { spec: { type: "LoadBalancer", ports: [{ port: 1 }, { port: 2 }] } },
  { "count/services": "1", services: "1", "services.nodeports": "2", "services.loadbalancers": "1" },
);
uses(
  "a claim",
  { group: "", resource: "persistentvolumeclaims" },
  { spec: { storageClassName: "fast", resources: { requests: { storage: "2Gi" } } } },
  {
    "count/persistentvolumeclaims": "1",
    persistentvolumeclaims: "1",
    "requests.storage": "2Gi",
    "fast.storageclass.storage.k8s.io/persistentvolumeclaims": "1",
    "fast.storageclass.storage.k8s.io/requests.storage": "2Gi",
  },
);

function inScope(expected: boolean, scope: object, spec: object): void {
  test(`${JSON.stringify(scope)} ${expected ? "holds" : "leaves out"} ${JSON.stringify(spec)}`, () => {
    const quota = { metadata: {}, spec: scope, status: { hard: { pods: "1" } } } as unknown as ResourceQuota;
    assert.equal(quotaResources(quota, PODS, { metadata: {}, spec: { containers: [], ...spec } } as never) !== undefined, expected);
  });
}

const byClass = (operator: string, ...values: string[]) => ({
  scopeSelector: { matchExpressions: [{ scopeName: "PriorityClass", operator, ...(values.length > 0 ? { values } : {}) }] },
});
inScope(true, {}, {});
inScope(true, { scopes: ["Terminating"] }, { activeDeadlineSeconds: 5 });
inScope(false, { scopes: ["NotTerminating"] }, { activeDeadlineSeconds: 5 });
inScope(true, { scopes: ["BestEffort", "NotTerminating"] }, {});
inScope(false, { scopes: ["BestEffort"] }, containers([{ cpu: "1" }]));
inScope(true, byClass("In", "high", "low"), { priorityClassName: "low" });
inScope(false, byClass("NotIn", "low"), { priorityClassName: "low" });
inScope(false, byClass("Exists"), {});

test("every container must name what a quota counts", () => {
  const pod = { metadata: {}, spec: containers([{ cpu: "1" }, {}], [{}, { cpu: "1" }]) } as unknown as Pod;
  const names = ["limits.cpu", "pods", "requests.cpu"];
  assert.equal(missingRequirements(names, PODS, pod as never), "must specify limits.cpu for: c0; requests.cpu for: c1");
});

test("a refusal names what does not fit, and only that", () => {
  assert.deepEqual(chargeQuota("q", { pods: "2", secrets: "9" }, { pods: "2", secrets: "1" }, { pods: "1", secrets: "1" }), {
    ok: false,
    message: "exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2",
  });
});

test("an update costs what it adds", () => {
  assert.deepEqual(usageDelta({ a: "3", b: "1", c: "1Gi" }, { a: "1", b: "1", c: "2Gi" }), { a: "2" });
});

test("never more than hard, whatever the order; refunding brings back what was", () => {
  const amounts = fc.array(
    fc.integer({ min: 1, max: 2_000 }).map((m) => ({ cpu: `${m}m` })),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(amounts, (deltas) => {
      let used: Record<string, string> = { cpu: "0" };
      const charged: Record<string, string>[] = [];
      for (const delta of deltas) {
        const result = chargeQuota("q", { cpu: "3" }, used, delta);
        if (!result.ok) continue;
        used = result.used;
        charged.push(delta);
      }
      const milli = charged.reduce((sum, { cpu }) => sum + Number.parseInt(cpu!, 10), 0);
      assert.ok(milli <= 3_000);
      for (const delta of charged) used = refundQuota(used, delta);
      assert.deepEqual(used, { cpu: "0" });
    }),
  );
});
