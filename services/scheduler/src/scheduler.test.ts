import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { apiError, Events, Nodes, type Pod, Pods, ReplicaSets, Services } from "@flotilla/api";
import { seededRandom, silentLogger } from "@flotilla/base";
import { createEventRecorder, createInformerFactory } from "@flotilla/client";
import { FakeApiClient } from "@flotilla/client/fake/index.ts";
import { FakeClock } from "@flotilla/testing";
import { createScheduler } from "./assemble.ts";

interface NodeOptions {
  cpu?: string;
  memory?: string;
  pods?: string;
  taints?: { key: string; value?: string; effect: string }[];
  labels?: Record<string, string>;
  unschedulable?: boolean;
}

/** A scheduler against an API server in memory, in virtual time. */
function setUp(t: TestContext) {
  const clock = new FakeClock();
  const api = new FakeApiClient(clock);
  const ports = { clock, random: seededRandom(7), log: silentLogger, client: api };
  const informers = createInformerFactory(ports);
  const recorder = createEventRecorder(ports, { component: "default-scheduler" });
  const scheduler = createScheduler({ ...ports, informers, recorder }, { schedulerName: "default-scheduler" });
  const stop = new AbortController();
  t.after(() => stop.abort());
  return {
    api,
    clock,
    lead: (signal: AbortSignal) => scheduler.lead(signal),
    async start(term = stop.signal) {
      informers.start(stop.signal);
      scheduler.lead(term);
      await clock.advanceAsync(100);
    },
    node(name: string, { cpu = "4", memory = "8Gi", pods = "110", taints, labels, unschedulable }: NodeOptions = {}) {
      const allocatable = { cpu, memory, pods };
      api.seed(Nodes, {
        metadata: { name, labels: { "kubernetes.io/hostname": name, ...labels } },
        spec: { taints, unschedulable },
        status: { allocatable, capacity: allocatable },
      });
    },
    pod(name: string, spec: Partial<NonNullable<Pod["spec"]>> = {}, labels: Record<string, string> = {}) {
      return api.create(Pods, {
        metadata: { namespace: "default", name, labels },
        spec: { containers: [{ name: "c", image: "i" }], ...spec },
      });
    },
    where(): Record<string, string> {
      return Object.fromEntries(api.all(Pods).map((p) => [p.metadata.name!, p.spec!.nodeName ?? ""]));
    },
    events(): string[] {
      return api.all(Events).map((e) => `${e.type} ${e.reason} ${e.message}`);
    },
    async pass(ms = 100) {
      await clock.advanceAsync(ms);
    },
  };
}

const asks = (cpu: string) => ({ containers: [{ name: "c", image: "i", resources: { requests: { cpu } } }] });

test("a pod is bound, and an event says so", async (t) => {
  const s = setUp(t);
  s.node("w1");
  await s.start();
  await s.pod("a");
  await s.pass();
  assert.deepEqual(s.where(), { a: "w1" });
  assert.deepEqual(s.events(), ["Normal Scheduled Successfully assigned default/a to w1"]);
});

test("the event says why not, in upstream's words; room made later is used", async (t) => {
  const s = setUp(t);
  for (const name of ["cp1", "cp2", "cp3"])
    s.node(name, { taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }] });
  for (const name of ["w1", "w2", "w3"]) s.node(name, { cpu: "2" });
  await s.start();
  for (const name of ["x", "y", "z"]) await s.pod(name, asks("1500m"));
  await s.pass();
  await s.pod("big", asks("1"));
  await s.pass();
  const message =
    "0/6 nodes are available: 3 Insufficient cpu, 3 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }. " +
    "preemption: 0/6 nodes are available: 3 No preemption victims found for incoming pod, 3 Preemption is not helpful for scheduling.";
  assert.equal(s.events().at(-1), `Warning FailedScheduling ${message}`);
  const condition = (await s.api.get(Pods, "big", { namespace: "default" })).status!.conditions![0]!;
  assert.deepEqual(
    [condition.type, condition.status, condition.reason, condition.message],
    ["PodScheduled", "False", "Unschedulable", message],
  );
  await s.api.delete(Pods, "y", { namespace: "default", gracePeriodSeconds: 0 });
  await s.pass(2_000);
  assert.notEqual(s.where()["big"], "");
});

test("no nodes at all", async (t) => {
  const s = setUp(t);
  await s.start();
  await s.pod("a");
  await s.pass();
  assert.deepEqual(s.events(), ["Warning FailedScheduling no nodes available to schedule pods"]);
  s.node("w1");
  await s.pass(2_000);
  assert.deepEqual(s.where(), { a: "w1" });
});

test("replicas spread over the nodes, services or not", async (t) => {
  const s = setUp(t);
  for (const name of ["w1", "w2", "w3"]) s.node(name);
  s.api.seed(ReplicaSets, { metadata: { namespace: "default", name: "rs" }, spec: { selector: { matchLabels: { app: "a" } } } });
  s.api.seed(Services, { metadata: { namespace: "default", name: "a" }, spec: { selector: { app: "a" } } });
  await s.start();
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "rs", uid: "u", controller: true };
  for (let i = 0; i < 9; i++) {
    await s.api.create(Pods, {
      metadata: { namespace: "default", name: `a${i}`, labels: { app: "a" }, ownerReferences: [owner] },
      spec: { containers: [{ name: "c", image: "i" }] },
    });
  }
  await s.pass();
  const counts = Map.groupBy(Object.values(s.where()), (n) => n);
  assert.deepEqual(
    [...counts.values()].map((l) => l.length),
    [3, 3, 3],
  );
});

test("filters, one by one", async (t) => {
  const s = setUp(t);
  s.node("w1", { labels: { disk: "ssd" } });
  s.node("w2", { unschedulable: true });
  s.node("w3", { taints: [{ key: "only", value: "gpu", effect: "NoExecute" }] });
  await s.start();
  const port = { containers: [{ name: "c", image: "i", ports: [{ containerPort: 1, hostPort: 80 }] }] };
  await s.pod("port1", port);
  await s.pass();
  await s.pod("port2", port);
  await s.pod("ssd", { nodeSelector: { disk: "ssd" } });
  await s.pod("hdd", { nodeSelector: { disk: "hdd" } });
  await s.pod("gpu", { tolerations: [{ key: "only", operator: "Equal", value: "gpu" }], nodeSelector: { "kubernetes.io/hostname": "w3" } });
  await s.pass();
  assert.deepEqual(s.where(), { port1: "w1", port2: "", ssd: "w1", hdd: "", gpu: "w3" });
  const why = (pod: string) =>
    s.api
      .all(Pods)
      .find((p) => p.metadata.name === pod)!
      .status!.conditions![0]!.message!.split(" preemption")[0];
  assert.equal(
    why("port2"),
    "0/3 nodes are available: 1 node(s) didn't have free ports for the requested pod ports, 1 node(s) had untolerated taint {only: gpu}, 1 node(s) were unschedulable.",
  );
  assert.equal(
    why("hdd"),
    "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint {only: gpu}, 1 node(s) were unschedulable.",
  );
});

test("hard topology constraints and anti-affinity hold", async (t) => {
  const s = setUp(t);
  for (const [name, zone] of [
    ["w1", "a"],
    ["w2", "a"],
    ["w3", "b"],
  ] as const)
    s.node(name, { labels: { zone } });
  await s.start();
  const labelSelector = { matchLabels: { app: "x" } };
  const spread = { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule", labelSelector }] };
  for (let i = 0; i < 4; i++) await s.pod(`x${i}`, spread, { app: "x" });
  await s.pass();
  const inB = Object.values(s.where()).filter((n) => n === "w3").length;
  assert.equal(inB, 2);
  const term = { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app: "y" } } };
  const apart = { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } };
  for (let i = 0; i < 4; i++) await s.pod(`y${i}`, apart, { app: "y" });
  await s.pass();
  const places = Object.entries(s.where()).flatMap(([pod, node]) => (pod.startsWith("y") ? [node] : []));
  assert.deepEqual(places.toSorted(), ["", "w1", "w2", "w3"]);
});

test("a bind that fails is tried again; promised room is given back", async (t) => {
  const s = setUp(t);
  s.node("w1", { cpu: "1" });
  await s.start();
  const restore = s.api.react("create", "pods", (action) => {
    if (action.subresource === "binding") throw apiError("InternalError", "store is down");
    return undefined;
  });
  await s.pod("a", asks("1"));
  await s.pass();
  assert.deepEqual(s.where(), { a: "" });
  restore();
  await s.pass(1_500);
  assert.deepEqual(s.where(), { a: "w1" });
});

test("higher priority first; foreign, gated and deleted pods are left alone", async (t) => {
  const s = setUp(t);
  await s.start();
  await s.pod("low", { priority: 1, ...asks("1") });
  await s.pod("high", { priority: 10, ...asks("1") });
  await s.pod("foreign", { schedulerName: "other" });
  await s.pod("gated", { schedulingGates: [{ name: "wait" }] });
  await s.pass(1_100);
  s.node("w1", { cpu: "1" });
  await s.pass(1_100);
  assert.deepEqual(s.where(), { low: "", high: "w1", foreign: "", gated: "" });
});

test("a pod of higher priority takes the room of as few lower ones as possible", async (t) => {
  const s = setUp(t);
  s.node("w1", { cpu: "2" });
  s.node("w2", { cpu: "2", taints: [{ key: "no", effect: "NoSchedule" }] });
  await s.start();
  await s.pod("a", { priority: 5, ...asks("1") });
  await s.pod("b", { priority: 1, ...asks("500m") });
  await s.pod("c", { priority: 2, ...asks("500m") });
  await s.pass();
  await s.pod("never", { priority: 100, preemptionPolicy: "Never", ...asks("500m") });
  await s.pass();
  assert.match(s.events().at(-1)!, /preemption: not eligible due to preemptionPolicy=Never\.$/);
  await s.api.delete(Pods, "never", { namespace: "default" });
  await s.pod("boss", { priority: 100, ...asks("500m") });
  await s.pass();
  const [boss, b] = await Promise.all(["boss", "b"].map((name) => s.api.get(Pods, name, { namespace: "default" })));
  assert.equal(boss!.status!.nominatedNodeName, "w1");
  assert.ok(b!.metadata.deletionTimestamp);
  assert.equal(b!.status!.conditions!.find((c) => c.type === "DisruptionTarget")!.reason, "PreemptionByScheduler");
  const why = s.events().find((e) => e.includes("FailedScheduling") && e.endsWith("taint {no: }."));
  assert.equal(why, "Warning FailedScheduling 0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {no: }.");
  assert.ok(s.events().some((e) => e === `Normal Preempted Preempted by pod ${boss!.metadata.uid} on node w1`));
  await s.pod("thief", { priority: 50, ...asks("500m") });
  await s.api.delete(Pods, "b", { namespace: "default", gracePeriodSeconds: 0 });
  await s.pass(3_000);
  assert.deepEqual([s.where()["boss"], s.where()["a"]], ["w1", "w1"]);
  assert.equal(s.where()["thief"], "", "the room was kept");
});

test("nothing is placed between two terms of leadership", async (t) => {
  const s = setUp(t);
  s.node("w1");
  const term = new AbortController();
  await s.start(term.signal);
  await s.pod("a");
  await s.pass();
  term.abort();
  await s.pod("b");
  await s.pass(60_000);
  assert.deepEqual(s.where(), { a: "w1", b: "" });
  s.lead(new AbortController().signal);
  await s.pass();
  assert.deepEqual(s.where(), { a: "w1", b: "w1" });
});
