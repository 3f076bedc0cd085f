import assert from "node:assert/strict";
import { test } from "node:test";
import { Leases, type Node, Nodes, type Pod, Pods, type Taint } from "@flotilla/api";
import { rfc3339, rfc3339Micro } from "@flotilla/base";
import { startControllers } from "../testing/controllers.ts";
import { CidrSet, formatCidr, overlaps, parseCidr } from "./cidr-set.ts";
import { startTaintEvictionController } from "./eviction-controller.ts";
import { planEviction } from "./eviction-plan.ts";
import { startNodeIpamController } from "./ipam-controller.ts";
import { startNodeLifecycleController } from "./lifecycle-controller.ts";
import { startPodGarbageCollector } from "./pod-gc.ts";
import { planTaints } from "./taints.ts";
import { evictionRate, zoneState } from "./zones.ts";

const node = (name: string, ready = "True"): Node =>
  ({ metadata: { name }, spec: {}, status: { conditions: [{ type: "Ready", status: ready, lastHeartbeatTime: "t" }] } }) as unknown as Node;
const pod = (name: string, nodeName: string | undefined, tolerations: object[] = []): Pod =>
  ({
    metadata: { name, namespace: "default" },
    spec: { nodeName, containers: [], tolerations },
    status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
  }) as unknown as Pod;
const forSeconds = (tolerationSeconds: number) => [
  { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute", tolerationSeconds },
];

async function cluster() {
  const c = startControllers([startNodeLifecycleController, startTaintEvictionController]);
  const names = ["n1", "n2", "n3"];
  c.api.seed(Nodes, ...names.map((n) => node(n)));
  for (const name of names) c.api.seed(Leases, { metadata: { name, namespace: "kube-node-lease" }, spec: { renewTime: "0" } });
  c.api.seed(Pods, pod("short", "n1", forSeconds(30)), pod("none", "n1"), pod("ever", "n1", [{ operator: "Exists" }]), pod("other", "n2"));
  const beat = async (name: string) => {
    const body = { spec: { renewTime: rfc3339Micro(c.clock.now()) } };
    await c.api.patch(Leases, name, { type: "merge", body }, { namespace: "kube-node-lease" });
  };
  /** Lets time pass while these nodes renew their leases. */
  const live = async (seconds: number, ...alive: string[]) => {
    for (let s = 0; s < seconds; s += 5) {
      for (const name of alive) await beat(name);
      await c.run(5_000);
    }
  };
  const taints = (name: string) =>
    (c.api.all(Nodes).find((n) => n.metadata.name === name)!.spec!.taints ?? [])
      .map((t) => `${t.key.split("/")[1]}:${t.effect}`)
      .sort()
      .join(" ");
  const ready = (name: string) =>
    c.api
      .all(Nodes)
      .find((n) => n.metadata.name === name)!
      .status!.conditions!.find((x) => x.type === "Ready")!;
  const pods = () =>
    c.api
      .all(Pods)
      .map((p) => `${p.metadata.name}${p.metadata.deletionTimestamp ? "†" : ""}`)
      .join(" ");
  return { ...c, live, taints, ready, pods };
}

test("a silent node is marked, tainted, and its pods leave as they tolerate; it comes back clean", async () => {
  const c = await cluster();
  await c.live(30, "n1", "n2", "n3");
  assert.deepEqual([c.taints("n1"), c.ready("n1").status], ["", "True"]);
  await c.live(45, "n2", "n3");
  assert.equal(c.ready("n1").status, "True");
  await c.live(10, "n2", "n3");
  assert.deepEqual(
    [c.ready("n1").status, c.ready("n1").reason, c.ready("n1").message],
    ["Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status."],
  );
  assert.equal(c.taints("n1"), "unreachable:NoExecute unreachable:NoSchedule");
  assert.equal(c.taints("n2"), "");
  assert.equal(c.pods(), "short none† ever other");
  const isReady = (name: string) => c.api.all(Pods).find((p) => p.metadata.name === name)!.status!.conditions![0]!.status;
  assert.deepEqual([isReady("short"), isReady("other")], ["False", "True"]);
  await c.live(35, "n2", "n3");
  assert.equal(c.pods(), "short† none† ever other");
  const n1 = c.api.all(Nodes).find((n) => n.metadata.name === "n1")!;
  await c.api.updateStatus(Nodes, { ...n1, status: node("n1").status });
  await c.live(5, "n1", "n2", "n3");
  assert.equal(c.taints("n1"), "");
  c.stop.abort();
});

test("two nodes lost at once are evicted one after the other; with all lost, none is", async () => {
  const c = await cluster();
  await c.live(55, "n3");
  const evicted = ["n1", "n2"].filter((n) => c.taints(n).includes("NoExecute"));
  assert.equal(evicted.length, 1);
  await c.live(15, "n3");
  assert.ok(c.taints("n1").includes("NoExecute") && c.taints("n2").includes("NoExecute"));
  await c.live(60);
  assert.equal(c.taints("n1"), "unreachable:NoSchedule");
  c.stop.abort();
});

test("pressure and cordon become NoSchedule taints; foreign taints stay", () => {
  const n = node("n");
  n.spec = {
    unschedulable: true,
    taints: [
      { key: "mine", effect: "NoExecute" },
      { key: "node.kubernetes.io/disk-pressure", effect: "NoSchedule" },
    ],
  };
  n.status!.conditions!.push({ type: "MemoryPressure", status: "True" });
  const keys = (taints: Taint[] | undefined) => taints?.map((t) => t.key.replace("node.kubernetes.io/", ""));
  assert.deepEqual(keys(planTaints(n, undefined, 0)), ["mine", "memory-pressure", "unschedulable"]);
  assert.equal(planTaints(node("n"), undefined, 0), undefined);
});

test("eviction time is counted from when taint and pod met", () => {
  const added_ms = Date.UTC(2025, 0, 1);
  const taint = { key: "node.kubernetes.io/unreachable", effect: "NoExecute", timeAdded: rfc3339(added_ms) };
  const old = pod("p", "n", forSeconds(300));
  assert.deepEqual(planEviction(old, [taint], added_ms + 5_000, added_ms + 5_000), { kind: "leave", at_ms: added_ms + 300_000 });
  const young = { ...old, metadata: { ...old.metadata, creationTimestamp: rfc3339(added_ms + 60_000) } };
  assert.deepEqual(planEviction(young, [taint], 0, added_ms + 60_000), { kind: "leave", at_ms: added_ms + 360_000 });
  assert.deepEqual(planEviction(old, [{ ...taint, effect: "NoSchedule" }], 0, 0), { kind: "stay" });
});

test("a taint that does not say when it came evicts all the same", async () => {
  const c = startControllers([startTaintEvictionController]);
  const tolerations = [{ key: "mine", operator: "Exists", tolerationSeconds: 3 }];
  c.api.seed(Nodes, { ...node("n1"), spec: { taints: [{ key: "mine", effect: "NoExecute" }] } });
  c.api.seed(Pods, pod("p", "n1", tolerations));
  const isLeaving = () => c.api.all(Pods)[0]!.metadata.deletionTimestamp !== undefined;
  await c.run(2_900);
  assert.equal(isLeaving(), false);
  await c.run(500);
  assert.equal(isLeaving(), true);
  c.stop.abort();
});

test("zones slow evictions down when much is broken", () => {
  const of = (ready: number, down: number) => zoneState([...Array(ready).fill(node("a")), ...Array(down).fill(node("b", "Unknown"))], 0.55);
  assert.deepEqual([of(5, 1), of(2, 3), of(0, 2), of(1, 1)], ["Normal", "PartialDisruption", "FullDisruption", "Normal"]);
  const config: any = { nodeEvictionRate: 0.1, secondaryNodeEvictionRate: 0.01, largeClusterSizeThreshold: 50 };
  assert.deepEqual(
    [
      evictionRate("Normal", 6, false, config),
      evictionRate("PartialDisruption", 6, false, config),
      evictionRate("PartialDisruption", 60, false, config),
    ],
    [0.1, 0, 0.01],
  );
});

test("node CIDRs", async () => {
  const set = new CidrSet(parseCidr("10.244.0.0/22"), 24);
  set.occupy(parseCidr("10.244.1.0/24"));
  const next = () => ((part) => part && formatCidr(part))(set.allocate());
  assert.deepEqual([next(), next(), next(), next()], ["10.244.0.0/24", "10.244.2.0/24", "10.244.3.0/24", undefined]);
  set.release(parseCidr("10.244.2.0/24"));
  assert.equal(next(), "10.244.2.0/24");
  assert.deepEqual(
    [overlaps(parseCidr("10.0.0.0/8"), parseCidr("10.96.0.0/12")), overlaps(parseCidr("10.96.0.0/12"), parseCidr("10.244.0.0/16"))],
    [true, false],
  );
  const c = startControllers([startNodeIpamController], { allocateNodeCidrs: true, clusterCidr: "10.244.0.0/16" });
  c.api.seed(Nodes, { ...node("old"), spec: { podCIDR: "10.244.0.0/24" } }, node("n1"), node("n2"));
  await c.run();
  assert.deepEqual(
    c.api.all(Nodes).map((n) => n.spec!.podCIDR),
    ["10.244.0.0/24", "10.244.1.0/24", "10.244.2.0/24"],
  );
  c.stop.abort();
});

test("pod GC: nodes that are gone, pods that never ran, too many finished ones", async () => {
  const c = startControllers([startPodGarbageCollector], { terminatedPodGcThreshold: 1 });
  c.api.seed(Nodes, node("n1"));
  const done = (name: string, creationTimestamp: string): Pod => ({
    ...pod(name, "n1"),
    metadata: { name, namespace: "default", creationTimestamp },
    status: { phase: "Succeeded" },
  });
  const dying: Pod = {
    ...pod("unplaced", undefined),
    metadata: { name: "unplaced", namespace: "default", deletionTimestamp: "2025-01-01T00:00:00Z" },
  };
  c.api.seed(
    Pods,
    pod("kept", "n1"),
    pod("lost", "n9"),
    dying,
    done("older", "2024-01-01T00:00:00Z"),
    done("newer", "2024-01-02T00:00:00Z"),
  );
  await c.run(21_000); // it looks once in 20 s
  assert.equal(
    c.api
      .all(Pods)
      .map((p) => p.metadata.name)
      .join(" "),
    "kept lost newer",
  );
  await c.run(70_000);
  assert.equal(
    c.api
      .all(Pods)
      .map((p) => p.metadata.name)
      .join(" "),
    "kept newer",
  );
  c.stop.abort();
});
