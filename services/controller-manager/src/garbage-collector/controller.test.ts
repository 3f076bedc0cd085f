import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMaps, CustomResourceDefinitions, Deployments, type KubeObject, Pods, ReplicaSets, type ResourceType } from "@flotilla/api";
import { controllerRef } from "@flotilla/controller";
import { startControllers } from "../testing/controllers.ts";
import { startGarbageCollector } from "./controller.ts";

async function tree() {
  const c = startControllers([startGarbageCollector]);
  const seed = (type: ResourceType<any>, name: string, ownerReferences: object[] = []) =>
    c.api.seed<any>(type, { metadata: { name, namespace: "default", ownerReferences } })[0]!;
  const deployment = seed(Deployments, "d");
  const set = seed(ReplicaSets, "rs", [controllerRef(Deployments, deployment)]);
  const pod = seed(Pods, "p", [controllerRef(ReplicaSets, set)]);
  const shared = seed(ConfigMaps, "shared", [
    controllerRef(ReplicaSets, set),
    { ...controllerRef(Deployments, deployment), controller: false },
  ]);
  await c.run();
  const left = () =>
    [Deployments, ReplicaSets, Pods, ConfigMaps].flatMap((t) => c.api.all<any>(t).map((o: KubeObject) => o.metadata.name)).join(" ");
  const remove = async (type: ResourceType<any>, name: string, propagationPolicy: "Foreground" | "Background" | "Orphan") => {
    await c.api.delete(type, name, { namespace: "default", propagationPolicy });
    await c.run();
  };
  return { ...c, left, remove, set, pod, shared };
}

test("background: the owner goes at once, all below it follows", async () => {
  const c = await tree();
  assert.equal(c.left(), "d rs p shared");
  await c.remove(Deployments, "d", "Background");
  assert.equal(c.left(), "");
  c.stop.abort();
});

test("foreground: the owner goes last", async () => {
  const c = await tree();
  const order: string[] = [];
  for (const type of [Deployments, ReplicaSets, Pods]) {
    c.context.informers.informer<any>(type).subscribe({ delete: (o: KubeObject) => order.push(o.metadata.name!) });
  }
  await c.remove(Deployments, "d", "Foreground");
  assert.equal(c.left(), "");
  assert.deepEqual(order, ["p", "rs", "d"]);
  c.stop.abort();
});

test("orphan: dependents stay, without their owner", async () => {
  const c = await tree();
  await c.remove(Deployments, "d", "Orphan");
  assert.equal(c.left(), "rs p shared");
  assert.deepEqual(c.api.all(ReplicaSets)[0]!.metadata.ownerReferences, []);
  c.stop.abort();
});

test("an object with another living owner only loses the reference", async () => {
  const c = await tree();
  await c.remove(ReplicaSets, "rs", "Background");
  assert.equal(c.left(), "d shared");
  assert.deepEqual(
    c.api.all(ConfigMaps)[0]!.metadata.ownerReferences!.map((o) => o.kind),
    ["Deployment"],
  );
  c.stop.abort();
});

test("an object made after its owner has gone is collected; one whose owner the server still knows is not", async () => {
  const c = await tree();
  const ghost = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "rs", uid: "other-life" };
  const stranger = { apiVersion: "example.com/v1", kind: "Thing", name: "t", uid: "unknown" };
  c.api.seed<any>(ConfigMaps, { metadata: { name: "late", namespace: "default", ownerReferences: [ghost] } });
  c.api.seed<any>(ConfigMaps, { metadata: { name: "kept", namespace: "default", ownerReferences: [stranger] } });
  await c.run();
  assert.equal(c.left(), "d rs p shared kept");
  c.stop.abort();
});

test("custom resources own and are owned as long as their definition is there", async () => {
  const c = await tree();
  const Widgets: ResourceType<KubeObject> = { group: "example.com", version: "v1", resource: "widgets", kind: "Widget", namespaced: true };
  c.api.seed<any>(CustomResourceDefinitions, {
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "widgets", kind: "Widget" },
      versions: [{ name: "v1", served: true, storage: true }],
    },
    status: { conditions: [{ type: "Established", status: "True" }] },
  });
  await c.run();
  const owner = c.api.seed<any>(Widgets, { metadata: { name: "owner", namespace: "default" } })[0]!;
  const refs = [controllerRef(Widgets, owner)];
  c.api.seed<any>(Widgets, { metadata: { name: "owned", namespace: "default", ownerReferences: refs } });
  c.api.seed<any>(ConfigMaps, { metadata: { name: "below", namespace: "default", ownerReferences: refs } });
  await c.run();
  assert.equal(c.left(), "d rs p shared below");
  await c.remove(Widgets, "owner", "Background");
  assert.equal(c.left(), "d rs p shared");
  assert.deepEqual(c.api.all<any>(Widgets), []);
  c.stop.abort();
});
