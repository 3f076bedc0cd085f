import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMaps, type Pod, Pods, type ResourceQuota, ResourceQuotas } from "@flotilla/api";
import { startControllers } from "../testing/controllers.ts";
import { startResourceQuotaController } from "./controller.ts";

const quota = (hard: Record<string, string>, scopes?: string[]): ResourceQuota => ({
  metadata: { name: "q", namespace: "n" },
  spec: { hard, ...(scopes ? { scopes } : {}) },
});
const pod = (name: string, requests?: Record<string, string>, phase = "Running"): Pod => ({
  metadata: { name, namespace: "n" },
  spec: { containers: [{ name: "c", image: "i", ...(requests ? { resources: { requests } } : {}) }] },
  status: { phase },
});

async function started(...seed: [typeof Pods | typeof ConfigMaps | typeof ResourceQuotas, ...object[]][]) {
  const c = startControllers([startResourceQuotaController]);
  // The quota comes last: what is made after it, admission counts.
  for (const [type, ...objects] of seed.reverse()) {
    c.api.seed(type as typeof Pods, ...(objects as Pod[]));
    await c.run();
  }
  const used = () => c.api.all(ResourceQuotas)[0]!.status?.used;
  return { ...c, used };
}

test("counts what is there, leaves out what has ended", async () => {
  const { used, stop } = await started(
    [ResourceQuotas, quota({ pods: "5", "requests.cpu": "2", "count/pods": "9", "count/configmaps": "3", secrets: "1" })],
    [Pods, pod("a", { cpu: "300m" }), pod("b", { cpu: "1" }), pod("c", { cpu: "1" }, "Succeeded")],
    [ConfigMaps, { metadata: { name: "x", namespace: "n" } }, { metadata: { name: "y", namespace: "other" } }],
  );
  assert.deepEqual(used(), { pods: "2", "requests.cpu": "1300m", "count/pods": "3", "count/configmaps": "1", secrets: "0" });
  stop.abort();
});

test("a scope chooses the pods", async () => {
  const { used, stop } = await started([ResourceQuotas, quota({ pods: "5" }, ["BestEffort"])], [Pods, pod("a", { cpu: "1" }), pod("b")]);
  assert.deepEqual(used(), { pods: "1" });
  stop.abort();
});

test("gives back what ends or goes, and follows a changed spec", async () => {
  const { api, run, used, stop } = await started([ResourceQuotas, quota({ pods: "5" })], [Pods, pod("a"), pod("b"), pod("c")]);
  assert.deepEqual(used(), { pods: "3" });
  await api.delete(Pods, "a", { namespace: "n" });
  await run();
  assert.deepEqual(used(), { pods: "2" });
  await api.updateStatus(Pods, { ...pod("b"), status: { phase: "Failed" } });
  await run();
  assert.deepEqual(used(), { pods: "1" });
  const stored = api.all(ResourceQuotas)[0]!;
  await api.update(ResourceQuotas, { ...stored, spec: { hard: { pods: "7", secrets: "2" } } });
  await run();
  assert.deepEqual(api.all(ResourceQuotas)[0]!.status, { hard: { pods: "7", secrets: "2" }, used: { pods: "1", secrets: "0" } });
  stop.abort();
});

test("what admission has just charged is not counted away", async () => {
  const { api, run, used, stop } = await started([ResourceQuotas, quota({ pods: "5" })], [Pods, pod("a")]);
  // Admission reserves a place for a pod that is not written yet, and another pod goes meanwhile.
  const stored = api.all(ResourceQuotas)[0]!;
  await api.updateStatus(ResourceQuotas, { ...stored, status: { ...stored.status, used: { pods: "2" } } });
  await run(10);
  await api.delete(Pods, "a", { namespace: "n" });
  await run();
  assert.deepEqual(used(), { pods: "2" });
  await api.create(Pods, pod("b"));
  await run(1_500);
  assert.deepEqual(used(), { pods: "1" });
  stop.abort();
});
