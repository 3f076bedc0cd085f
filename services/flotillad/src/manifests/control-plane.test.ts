import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { clusterLayout } from "../layout.ts";
import { type ClusterSpec, machinesOf } from "../spec.ts";
import { controlPlanePods } from "./control-plane.ts";
import { staticPodManifest } from "./static-pod.ts";

const SPEC: ClusterSpec = {
  name: "a",
  controlPlanes: 3,
  workers: 0,
  runtime: "process",
  failover: "default",
  apiPort: 6443,
  loadBalancer: "172.30.0.1",
  dockerEndpoint: "",
};

function argsOf(component: string, spec = SPEC, machine = "cp2"): string[] {
  const found = machinesOf(spec).find((m) => m.name === machine)!;
  return controlPlanePods(spec, found, clusterLayout("/s").machine(machine)).find((pod) => pod.component === component)!.args;
}

test("every member of the store knows all members", () => {
  const initial = argsOf("etcd").find((arg) => arg.startsWith("--initial-cluster="));
  assert.equal(initial, "--initial-cluster=cp1=https://172.30.0.11:2380,cp2=https://172.30.0.12:2380,cp3=https://172.30.0.13:2380");
});

test("an API server asks its own store member first", () => {
  const servers = argsOf("kube-apiserver").find((arg) => arg.startsWith("--etcd-servers="));
  assert.equal(servers, "--etcd-servers=https://172.30.0.12:2379,https://172.30.0.11:2379,https://172.30.0.13:2379");
});

test("fast failover shortens leases, node time-outs and tolerations, and nothing does otherwise", () => {
  const flags = (spec: ClusterSpec) =>
    ["kube-apiserver", "kube-scheduler", "kube-controller-manager"]
      .flatMap((c) => argsOf(c, spec))
      .filter((arg) => /lease|grace|toleration/.test(arg));
  assert.deepEqual(flags(SPEC), []);
  assert.ok(flags({ ...SPEC, failover: "fast" }).includes("--node-monitor-grace-period=4s"));
  assert.ok(flags({ ...SPEC, failover: "fast" }).includes("--default-unreachable-toleration-seconds=30"));
});

test("a manifest is a pod that needs no API server to run", () => {
  const machine = machinesOf(SPEC)[0]!;
  for (const pod of controlPlanePods(SPEC, machine, clusterLayout("/s").machine("cp1"))) {
    const manifest = parse(staticPodManifest(pod, "image:1"));
    assert.equal(manifest.metadata.namespace, "kube-system");
    assert.equal(manifest.metadata.labels.tier, "control-plane");
    assert.equal(manifest.spec.hostNetwork, true);
    assert.equal(manifest.spec.runtimeClassName, undefined);
    assert.equal(manifest.spec.volumes, undefined);
  }
});
