import assert from "node:assert/strict";
import { test } from "node:test";
import { PersistentVolumeClaims, PersistentVolumes, type Pod, Pods } from "@flotilla/api";
import { startControllers } from "../testing/controllers.ts";
import { startClaimProtection, startVolumeProtection } from "./controller.ts";
import { claimsOf } from "./protection.ts";

const pod = (phase: string): Pod => ({
  metadata: { name: "p", namespace: "n" },
  spec: {
    containers: [{ name: "c" }],
    volumes: [
      { name: "v", persistentVolumeClaim: { claimName: "data" } },
      { name: "e", ephemeral: {} },
    ],
  },
  status: { phase },
});
const going = { deletionTimestamp: "2026-01-01T00:00:00Z" };
const claim = (name: string) => ({
  metadata: { name, namespace: "n", finalizers: ["kubernetes.io/pvc-protection", "keep.me/too"], ...going },
});

test("a pod names its claims, also those of ephemeral volumes", () => {
  assert.deepEqual(claimsOf(pod("Running")), ["data", "p-e"]);
});

test("a deleted claim stays while a pod uses it, and then goes", async () => {
  const c = startControllers([startClaimProtection]);
  c.api.seed(Pods, pod("Running"));
  c.api.seed(PersistentVolumeClaims, claim("data"), claim("other"));
  await c.run();
  const finalizers = (name: string) =>
    c.api.all(PersistentVolumeClaims).find(({ metadata }) => metadata.name === name)?.metadata.finalizers;
  assert.deepEqual(finalizers("data"), ["kubernetes.io/pvc-protection", "keep.me/too"]);
  assert.deepEqual(finalizers("other"), ["keep.me/too"]);
  await c.api.updateStatus(Pods, pod("Succeeded"));
  await c.run();
  assert.deepEqual(finalizers("data"), ["keep.me/too"]);
  c.stop.abort();
});

test("a deleted volume stays while it is bound", async () => {
  const c = startControllers([startVolumeProtection]);
  const volume = (name: string, phase: string) => ({
    metadata: { name, finalizers: ["kubernetes.io/pv-protection", "keep.me/too"], ...going },
    spec: {},
    status: { phase },
  });
  c.api.seed(PersistentVolumes, volume("bound", "Bound"), volume("free", "Released"));
  await c.run();
  assert.deepEqual(
    c.api.all(PersistentVolumes).map(({ metadata }) => [metadata.name, metadata.finalizers?.length]),
    [
      ["bound", 2],
      ["free", 1],
    ],
  );
  c.stop.abort();
});
