import assert from "node:assert/strict";
import { test } from "node:test";
import { type Deployment, Deployments, Events, type Pod, Pods, type ReplicaSet, ReplicaSets } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import { startReplicaSetController } from "../replicaset/controller.ts";
import { startControllers } from "../testing/controllers.ts";
import { startDeploymentController } from "./controller.ts";

function deployment(image: string, replicas: number, over: object = {}): Deployment {
  const labels = { app: "web" };
  const template = { metadata: { labels }, spec: { containers: [{ name: "c", image }] } };
  const spec = { replicas, selector: { matchLabels: labels }, template, progressDeadlineSeconds: 600, ...over };
  return { metadata: { name: "web", namespace: "default" }, spec } as Deployment;
}

function cluster() {
  const c = startControllers([startDeploymentController, startReplicaSetController]);
  const setReady = async (ready: (pod: Pod) => boolean) => {
    for (const pod of c.api.all(Pods).filter((p) => !p.metadata.deletionTimestamp)) {
      const conditions = [{ type: "Ready", status: ready(pod) ? "True" : "False", lastTransitionTime: rfc3339(c.clock.now()) }];
      await c.api.updateStatus(Pods, { ...pod, status: { phase: "Running", conditions } } as Pod);
    }
    await c.run();
  };
  const sizes = () =>
    c.api
      .all(ReplicaSets)
      .map((s: ReplicaSet) => `${s.spec!.template!.spec!.containers[0]!.image}:${s.spec!.replicas}`)
      .sort()
      .join(" ");
  const web = () => c.api.all(Deployments)[0]!;
  const setImage = async (image: string) => {
    await c.api.update(Deployments, { ...web(), spec: deployment(image, web().spec!.replicas!).spec });
    await c.run();
  };
  const condition = (type: string) => web().status?.conditions?.find((x) => x.type === type);
  const messages = () =>
    c.api
      .all(Events)
      .filter((e) => e.reason === "ScalingReplicaSet")
      .map((e) => e.message!.replace(/web-\w+/, "web"));
  return { ...c, setReady, sizes, web, setImage, condition, messages };
}

test("a deployment becomes a replica set and pods, and says so", async () => {
  const c = cluster();
  await c.api.create(Deployments, deployment("a", 3));
  await c.run();
  assert.equal(c.sizes(), "a:3");
  assert.equal(c.api.all(Pods).length, 3);
  assert.equal(c.condition("Available")?.reason, "MinimumReplicasUnavailable");
  await c.setReady(() => true);
  const { status, metadata } = c.web();
  assert.deepEqual([status?.replicas, status?.updatedReplicas, status?.availableReplicas], [3, 3, 3]);
  assert.equal(metadata.annotations?.["deployment.kubernetes.io/revision"], "1");
  assert.equal(c.condition("Progressing")?.reason, "NewReplicaSetAvailable");
  assert.equal(c.condition("Available")?.message, "Deployment has minimum availability.");
  assert.deepEqual(c.messages(), ["Scaled up replica set web from 0 to 3"]);
  const events = c.api.all(Events).filter((e) => e.reason === "SuccessfulCreate");
  assert.equal(events.length, 3);
  c.stop.abort();
});

test("a rolling update stays within its fence and ends complete; undo keeps the revision history", async () => {
  const c = cluster();
  await c.api.create(Deployments, deployment("a", 4));
  await c.run();
  await c.setReady(() => true);
  await c.setImage("b");
  const steps = [c.sizes()];
  for (let i = 0; i < 8 && c.sizes() !== "a:0 b:4"; i++) {
    await c.setReady(() => true);
    const active = c.api.all(Pods).filter((p) => !p.metadata.deletionTimestamp);
    assert.ok(active.length <= 5, "maxSurge 25% of 4 is 1");
    steps.push(c.sizes());
  }
  assert.equal(steps[0], "a:3 b:2");
  assert.equal(steps.at(-1), "a:0 b:4");
  await c.setReady(() => true);
  assert.equal(c.web().metadata.annotations?.["deployment.kubernetes.io/revision"], "2");
  await c.setImage("a");
  for (let i = 0; i < 8; i++) await c.setReady(() => true);
  assert.equal(c.sizes(), "a:4 b:0");
  const set = c.api.all(ReplicaSets).find((s) => s.spec!.replicas === 4)!;
  assert.equal(set.metadata.annotations?.["deployment.kubernetes.io/revision"], "3");
  assert.equal(set.metadata.annotations?.["deployment.kubernetes.io/revision-history"], "1");
  c.stop.abort();
});

test("a bad image stalls, its deadline passes, and going back removes the bad pods at once", async () => {
  const c = cluster();
  await c.api.create(Deployments, deployment("a", 4));
  await c.run();
  const good = (pod: Pod) => pod.spec!.containers[0]!.image === "a";
  await c.setReady(good);
  await c.setImage("bad");
  for (let i = 0; i < 4; i++) await c.setReady(good);
  assert.equal(c.sizes(), "a:3 bad:2");
  await c.run(601_000);
  assert.deepEqual([c.condition("Progressing")?.status, c.condition("Progressing")?.reason], ["False", "ProgressDeadlineExceeded"]);
  assert.equal(c.condition("Available")?.status, "True");
  await c.setImage("a");
  for (let i = 0; i < 4; i++) await c.setReady(good);
  assert.equal(c.sizes(), "a:4 bad:0");
  assert.equal(c.condition("Progressing")?.reason, "NewReplicaSetAvailable");
  c.stop.abort();
});

test("scaling in the middle of a rollout is shared out", async () => {
  const c = cluster();
  await c.api.create(Deployments, deployment("a", 10));
  await c.run();
  const good = (pod: Pod) => pod.spec!.containers[0]!.image === "a";
  await c.setReady(good);
  await c.setImage("b");
  assert.equal(c.sizes(), "a:8 b:5");
  const w = c.web();
  await c.api.update(Deployments, { ...w, spec: { ...w.spec!, replicas: 15 } });
  await c.run();
  assert.equal(c.sizes(), "a:12 b:7");
  c.stop.abort();
});

test("recreate ends all old pods before the first new one", async () => {
  const c = cluster();
  await c.api.create(Deployments, deployment("a", 2, { strategy: { type: "Recreate" } }));
  await c.run();
  for (const pod of c.api.all(Pods))
    await c.api.createSubresource(Pods, pod.metadata.name!, "binding", { target: { name: "n" } }, { namespace: "default" });
  await c.setReady(() => true);
  await c.api.update(Deployments, { ...c.web(), spec: deployment("b", 2, { strategy: { type: "Recreate" } }).spec });
  await c.run();
  assert.equal(c.sizes(), "a:0");
  assert.equal(c.api.all(Pods).length, 2, "still terminating");
  for (const pod of c.api.all(Pods)) await c.api.delete(Pods, pod.metadata.name!, { namespace: "default", gracePeriodSeconds: 0 });
  await c.run();
  assert.equal(c.sizes(), "a:0 b:2");
  c.stop.abort();
});

test("a paused deployment scales but does not roll; history is cut to its limit", async () => {
  const c = cluster();
  await c.api.create(Deployments, deployment("a", 2, { revisionHistoryLimit: 1 }));
  await c.run();
  await c.setReady(() => true);
  await c.api.update(Deployments, { ...c.web(), spec: deployment("b", 3, { paused: true, revisionHistoryLimit: 1 }).spec });
  await c.run();
  assert.equal(c.sizes(), "a:3");
  assert.equal(c.condition("Progressing")?.reason, "DeploymentPaused");
  for (const image of ["b", "c", "d"]) {
    await c.api.update(Deployments, { ...c.web(), spec: deployment(image, 3, { revisionHistoryLimit: 1 }).spec });
    await c.run();
    for (let i = 0; i < 8; i++) await c.setReady(() => true);
  }
  assert.equal(c.sizes(), "c:0 d:3");
  c.stop.abort();
});

test("deleted pods are replaced, orphans adopted, strays released", async () => {
  const c = cluster();
  await c.api.create(Deployments, deployment("a", 2));
  await c.run();
  await c.setReady(() => true);
  const [first, second] = c.api.all(Pods);
  await c.api.delete(Pods, first!.metadata.name!, { namespace: "default" });
  await c.run();
  assert.equal(c.api.all(Pods).length, 2);
  await c.api.patch(
    Pods,
    second!.metadata.name!,
    { type: "merge", body: { metadata: { labels: { app: "debug" } } } },
    { namespace: "default" },
  );
  await c.run();
  const pods = c.api.all(Pods);
  assert.equal(pods.length, 3);
  assert.deepEqual(pods.find((p) => p.metadata.name === second!.metadata.name)!.metadata.ownerReferences, []);
  c.stop.abort();
});
