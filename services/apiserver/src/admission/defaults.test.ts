import assert from "node:assert/strict";
import { test } from "node:test";
import { newestDefault } from "./default-class.ts";
import { alwaysDeny, alwaysPullImages, denyServiceExternalIPs, extendedResourceToleration } from "./optional.ts";
import { taintNodesByCondition } from "./taint-nodes-by-condition.ts";
import { admit, MemoryStore } from "./testing/rig.ts";

const classOf = (name: string, creationTimestamp: string, value?: string) => ({
  metadata: { name, creationTimestamp, ...(value ? { annotations: { default: value } } : {}) },
});

test("the newest class that is marked is the default", () => {
  const store = new MemoryStore().seed(
    "storageclasses",
    classOf("old", "2024-01-01T00:00:00Z", "true"),
    classOf("new", "2025-01-01T00:00:00Z", "true"),
    classOf("newest", "2026-01-01T00:00:00Z"),
    classOf("off", "2026-01-01T00:00:00Z", "false"),
  );
  assert.equal(newestDefault(store, "storageclasses", ["default"]), "new");
  assert.equal(newestDefault(store, "ingressclasses", ["default"]), undefined);
});

test("a new node takes no pods yet; the taint comes once", async () => {
  const node = { metadata: { name: "x" }, spec: { taints: [{ key: "a", effect: "NoSchedule" }] } };
  const plugin = taintNodesByCondition();
  for (let i = 0; i < 2; i++) assert.equal(await admit(plugin, { resource: "nodes" }, node), "");
  assert.deepEqual(node.spec.taints, [
    { key: "a", effect: "NoSchedule" },
    { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" },
  ]);
});

test("the small ones", async () => {
  const pod = {
    metadata: {},
    spec: {
      containers: [{ name: "c", imagePullPolicy: "Never", resources: { requests: { cpu: "1", "gpu.io/x": "1" } } }],
      tolerations: [] as object[],
    },
  };
  await admit(alwaysPullImages(), { resource: "pods" }, pod);
  await admit(extendedResourceToleration(), { resource: "pods" }, pod);
  assert.equal(pod.spec.containers[0]!.imagePullPolicy, "Always");
  assert.deepEqual(pod.spec.tolerations, [{ key: "gpu.io/x", operator: "Exists" }]);
  const service = (...externalIPs: string[]) => ({ metadata: {}, spec: { externalIPs } });
  const what = { resource: "services", operation: "UPDATE" as const };
  assert.equal(await admit(denyServiceExternalIPs(), what, service("1.1.1.1"), service("1.1.1.1")), "");
  assert.match(await admit(denyServiceExternalIPs(), what, service("2.2.2.2"), service()), /Use of external IPs is denied/);
  assert.match(await admit(alwaysDeny(), what, service()), /admission control is denying all modifications/);
});
