import assert from "node:assert/strict";
import { test } from "node:test";
import { type DaemonSet, DaemonSets, type Node, Nodes, type Pod, Pods } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import { startControllers } from "../testing/controllers.ts";
import { startDaemonSetController } from "./controller.ts";
import { targetNode } from "./template.ts";

const labels = { app: "d" };
const node = (name: string, over: object = {}): Node =>
  ({ metadata: { name, labels: { disk: name === "n3" ? "hdd" : "ssd" } }, spec: {}, ...over }) as Node;
const set = (image: string, over: object = {}): DaemonSet => {
  const template = { metadata: { labels }, spec: { containers: [{ name: "c", image }] } };
  return { metadata: { name: "d", namespace: "default" }, spec: { selector: { matchLabels: labels }, template, ...over } } as DaemonSet;
};

function cluster(...seed: Node[]) {
  const c = startControllers([startDaemonSetController]);
  c.api.seed(Nodes, ...seed);
  const where = () =>
    c.api
      .all(Pods)
      .map((p) => `${targetNode(p)}:${p.spec!.containers[0]!.image}`)
      .sort()
      .join(" ");
  const ready = async () => {
    for (const pod of c.api.all(Pods)) {
      const conditions = [{ type: "Ready", status: "True", lastTransitionTime: rfc3339(c.clock.now()) }];
      await c.api.updateStatus(Pods, { ...pod, status: { phase: "Running", conditions } } as Pod);
    }
    await c.run();
  };
  const change = async (edit: (s: DaemonSet) => DaemonSet) => {
    await c.api.update(DaemonSets, edit(c.api.all(DaemonSets)[0]!));
    await c.run();
  };
  return { ...c, where, ready, change };
}

test("one pod on each node that fits: selector, taints, new and lost nodes", async () => {
  const tainted = node("n2", { spec: { taints: [{ key: "x", effect: "NoSchedule" }] } });
  const c = cluster(
    node("n1"),
    tainted,
    node("n3"),
    node("n4", { spec: { unschedulable: true, taints: [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }] } }),
  );
  const spec = set("a").spec!;
  spec.template.spec!.nodeSelector = { disk: "ssd" };
  await c.api.create(DaemonSets, { ...set("a"), spec });
  await c.run();
  assert.equal(c.where(), "n1:a n4:a");
  await c.ready();
  const status = c.api.all(DaemonSets)[0]!.status!;
  assert.deepEqual(
    [status.desiredNumberScheduled, status.currentNumberScheduled, status.numberReady, status.numberAvailable],
    [2, 2, 2, 2],
  );
  await c.api.create(Nodes, node("n5"));
  await c.run();
  assert.equal(c.where(), "n1:a n4:a n5:a");
  await c.api.patch(Nodes, "n1", { type: "merge", body: { spec: { taints: [{ key: "x", effect: "NoExecute" }] } } });
  await c.run();
  assert.equal(c.where(), "n4:a n5:a");
  c.stop.abort();
});

test("a rolling update replaces maxUnavailable at a time", async () => {
  const c = cluster(node("n1"), node("n2"), node("n3"));
  await c.api.create(DaemonSets, set("a"));
  await c.run();
  await c.ready();
  await c.change((s) => ({ ...s, spec: set("b").spec }));
  const steps: string[] = [c.where()];
  for (let i = 0; i < 3; i++) {
    await c.ready();
    steps.push(c.where());
  }
  assert.deepEqual(
    steps.map((s) => s.split(":b").length - 1),
    [1, 2, 3, 3],
  );
  assert.equal(c.api.all(DaemonSets)[0]!.status!.updatedNumberScheduled, 3);
  c.stop.abort();
});

test("with maxSurge the new pod comes first; OnDelete waits for people", async () => {
  const c = cluster(node("n1"));
  const updateStrategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
  await c.api.create(DaemonSets, set("a", { updateStrategy }));
  await c.run();
  await c.ready();
  await c.change((s) => ({ ...s, spec: set("b", { updateStrategy }).spec }));
  assert.equal(c.where(), "n1:a n1:b");
  await c.ready();
  assert.equal(c.where(), "n1:b");
  await c.change((s) => ({ ...s, spec: set("c", { updateStrategy: { type: "OnDelete" } }).spec }));
  await c.ready();
  assert.equal(c.where(), "n1:b");
  await c.api.delete(Pods, c.api.all(Pods)[0]!.metadata.name!, { namespace: "default" });
  await c.run();
  assert.equal(c.where(), "n1:c");
  c.stop.abort();
});

test("a daemon that fails is replaced, ever more slowly", async () => {
  const c = cluster(node("n1"));
  await c.api.create(DaemonSets, set("a"));
  await c.run();
  const fail = async () => {
    const [pod] = c.api.all(Pods);
    await c.api.updateStatus(Pods, { ...pod!, status: { phase: "Failed" } });
    await c.run();
  };
  const name = () => c.api.all(Pods)[0]!.metadata.name;
  const first = name();
  await fail();
  const second = name();
  assert.notEqual(first, second);
  await fail();
  assert.equal(name(), second);
  await c.run(1_500);
  assert.notEqual(name(), second);
  c.stop.abort();
});
