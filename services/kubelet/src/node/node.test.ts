import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node } from "@flotilla/api";
import { nodeCapacity } from "./capacity.ts";
import { cniConfig } from "./cni.ts";
import { parseTaint } from "./registration.ts";
import { parseRoutes, routeChanges, wantedRoutes } from "./routes.ts";
import { type NodeReport, nodeStatus, statusChanged } from "./status.ts";

const node = (name: string, podCIDR?: string, address?: string): Node =>
  ({ metadata: { name }, spec: { podCIDR }, status: { addresses: address ? [{ type: "InternalIP", address }] : [] } }) as never;

test("routes to other nodes' pods follow the nodes", () => {
  const nodes = [
    node("me", "10.244.0.0/24", "172.30.0.21"),
    node("a", "10.244.1.0/24", "172.30.0.22"),
    node("new"),
    node("b", "10.244.2.0/24", "172.30.0.23"),
  ];
  const wanted = wantedRoutes(nodes, "me");
  const present = parseRoutes(
    "10.244.1.0/24 via 172.30.0.22 dev eth0 \n10.244.2.0/24 via 172.30.0.99 dev eth0\n10.244.7.0/24 via 172.30.0.27 dev eth0\n",
  );
  assert.deepEqual(
    routeChanges(wanted, present).map((args) => args.join(" ")),
    ["route replace 10.244.2.0/24 via 172.30.0.23 proto 213", "route del 10.244.7.0/24 via 172.30.0.27 proto 213"],
  );
  assert.deepEqual(routeChanges(wanted, wanted), []);
});

test("the CNI configuration carries the pod CIDR, and portmap only when asked for", () => {
  const plugins = (hostPorts: boolean) =>
    (cniConfig("10.244.3.0/24", "/x", hostPorts) as { plugins: { type: string }[] }).plugins.map((p) => p.type);
  assert.deepEqual(plugins(false), ["bridge"]);
  assert.deepEqual(plugins(true), ["bridge", "portmap"]);
});

test("capacity can be overridden, and the system's share is not allocatable", () => {
  const host = { cpus: 4, memory_bytes: 8 * 2 ** 30, disk_bytes: 2 ** 30 };
  const settings = { maxPods: 110, override: { cpu: "2" }, systemReserved: { cpu: "200m", memory: "1Gi" } };
  const { capacity, allocatable } = nodeCapacity(host, settings);
  assert.deepEqual([capacity["cpu"], capacity["memory"], capacity["pods"]], ["2", "8388608Ki", "110"]);
  assert.deepEqual([allocatable["cpu"], allocatable["memory"]], ["1800m", "7340032Ki"]);
});

test("a heartbeat alone changes nothing; a problem turns Ready off with its reason", () => {
  const report = (problems: string[], now_ms: number): NodeReport => ({
    machine: { hostname: "n1" } as never,
    nodeIP: "1.2.3.4",
    port: 10250,
    capacity: { cpu: "1" },
    allocatable: { cpu: "1" },
    containerRuntimeVersion: "docker://20",
    images: [],
    problems,
    now_ms,
  });
  const first = nodeStatus(undefined, report([], 0));
  const second = nodeStatus(first, report([], 60_000));
  assert.equal(statusChanged(first, second), false);
  assert.equal(second.conditions!.at(-1)!.lastTransitionTime, first.conditions!.at(-1)!.lastTransitionTime);
  const third = nodeStatus(second, report(["container runtime is down"], 120_000));
  assert.equal(statusChanged(second, third), true);
  const { type, status, reason, message } = third.conditions!.at(-1)!;
  assert.deepEqual([type, status, reason, message], ["Ready", "False", "KubeletNotReady", "container runtime is down"]);
  const foreign = { ...first, conditions: [...first.conditions!, { type: "NetworkUnavailable", status: "False" }] } as never;
  assert.ok(nodeStatus(foreign, report([], 0)).conditions!.some((c) => c.type === "NetworkUnavailable"));
});

test("taints as the flag gives them", () => {
  assert.deepEqual(parseTaint("a/b=c:NoSchedule"), { key: "a/b", value: "c", effect: "NoSchedule" });
  assert.deepEqual(parseTaint("a:NoExecute"), { key: "a", effect: "NoExecute" });
  assert.throws(() => parseTaint("a=b"), /invalid taint/);
});
