import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResourceQuota } from "@flotilla/api";
import { FakeClock } from "@flotilla/testing";
import { giveBack } from "./admission.ts";
import { resourceQuota } from "./resource-quota.ts";
import { admit, attributesFor, MemoryStore, type What } from "./testing/rig.ts";

const quota = (hard: Record<string, string>, used: Record<string, string>, name = "q") => ({
  metadata: { name, namespace: "ns" },
  spec: { hard },
  status: { hard, used },
});

function rig(...quotas: object[]) {
  const store = new MemoryStore().seed("resourcequotas", ...quotas);
  const usedOf = (name: string) =>
    (store.cache("resourcequotas").get(`/registry/resourcequotas/ns/${name}`)!.object as unknown as ResourceQuota).status!.used;
  return { store, usedOf, plugin: resourceQuota({ store, clock: new FakeClock() }) };
}

const pod = (cpu?: string) => ({
  metadata: { name: "x", namespace: "ns" },
  spec: { containers: [{ name: "c", image: "i", resources: cpu ? { requests: { cpu } } : {} }] },
});
const PODS: What = { resource: "pods" };

test("charges what it lets in, refuses what does not fit", async () => {
  const { plugin, usedOf } = rig(quota({ pods: "2", "requests.cpu": "1" }, { pods: "1", "requests.cpu": "0" }));
  assert.equal(await admit(plugin, PODS, pod("300m")), "");
  assert.deepEqual(usedOf("q"), { pods: "2", "requests.cpu": "300m" });
  assert.equal(
    await admit(plugin, PODS, pod("800m")),
    'pods "x" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=800m, used: pods=2,requests.cpu=300m, limited: pods=2,requests.cpu=1',
  );
  assert.equal(await admit(plugin, PODS, pod()), 'pods "x" is forbidden: failed quota: q: must specify requests.cpu for: c');
});

test("what nobody has counted yet cannot be used", async () => {
  const { plugin } = rig({ ...quota({ secrets: "1" }, {}), status: { hard: { secrets: "1" } } });
  assert.equal(
    await admit(plugin, { resource: "secrets" }, { metadata: {} }),
    'secrets "x" is forbidden: status unknown for quota: q, resources: secrets',
  );
});

test("a dry run is refused the same, and charges nothing", async () => {
  const { plugin, store, usedOf } = rig(quota({ pods: "1" }, { pods: "0" }));
  assert.equal(await admit(plugin, { ...PODS, dryRun: true }, pod()), "");
  assert.deepEqual(usedOf("q"), { pods: "0" });
  assert.equal(store.writes, 0);
});

test("any number at once: exactly as many as fit, in few writes", async () => {
  const { plugin, store, usedOf } = rig(quota({ pods: "10" }, { pods: "3" }));
  const answers = await Promise.all(Array.from({ length: 40 }, () => admit(plugin, PODS, pod())));
  assert.equal(answers.filter((answer) => answer === "").length, 7);
  assert.deepEqual(usedOf("q"), { pods: "10" });
  assert.ok(store.writes <= 3, `${store.writes} writes`);
});

test("two servers on one quota never admit more than it allows", async () => {
  const { plugin, store, usedOf } = rig(quota({ "count/configmaps": "25" }, { "count/configmaps": "0" }));
  const other = resourceQuota({ store, clock: new FakeClock() });
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, i) => admit(i % 2 ? plugin : other, { resource: "configmaps" }, { metadata: {} })),
  );
  assert.equal(answers.filter((answer) => answer === "").length, 25);
  assert.deepEqual(usedOf("q"), { "count/configmaps": "25" });
});

test("the second quota refuses: the first gets back its charge", async () => {
  const { plugin, usedOf } = rig(quota({ pods: "5" }, { pods: "0" }, "a"), quota({ pods: "1" }, { pods: "1" }, "b"));
  assert.match(await admit(plugin, PODS, pod()), /exceeded quota: b/);
  assert.deepEqual([usedOf("a"), usedOf("b")], [{ pods: "0" }, { pods: "1" }]);
});

test("a write that fails after all gives back", async () => {
  const { plugin, usedOf } = rig(quota({ pods: "5" }, { pods: "1" }));
  const attributes = attributesFor(PODS);
  await plugin.validate!(attributes, pod() as never, undefined);
  assert.deepEqual(usedOf("q"), { pods: "2" });
  await giveBack(attributes);
  assert.deepEqual(usedOf("q"), { pods: "1" });
});

test("an update costs the difference", async () => {
  const { plugin, usedOf } = rig(
    quota(
      { "services.nodeports": "3", services: "1", "count/services": "1" },
      { "services.nodeports": "1", services: "1", "count/services": "1" },
    ),
  );
  const service = (ports: number) => ({ metadata: { namespace: "ns" }, spec: { type: "NodePort", ports: Array(ports).fill({ port: 1 }) } });
  assert.equal(await admit(plugin, { resource: "services", operation: "UPDATE" }, service(3), service(1)), "");
  assert.deepEqual(usedOf("q"), { "services.nodeports": "3", services: "1", "count/services": "1" });
  assert.match(await admit(plugin, { resource: "services", operation: "UPDATE" }, service(4), service(3)), /services.nodeports=1, used/);
});
