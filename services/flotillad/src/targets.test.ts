import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveTarget } from "./targets.ts";

const machines = ["cp1", "cp2", "worker1"];
const component = (component: string, machine: string) => ({
  name: `${component}-${machine}`,
  component,
  machine,
  pid: 1,
  state: "running" as const,
  restarts: 0,
});
const components = [
  component("etcd", "cp1"),
  component("etcd", "cp2"),
  component("kube-scheduler", "cp1"),
  component("kube-scheduler", "cp2"),
  component("kubelet", "worker1"),
  component("cri-docker", "worker1"),
  component("kube-dns", "worker1"),
];

const CASES: [string, string][] = [
  ["worker1", "machine worker1"],
  ["etcd@cp1", "etcd-cp1"],
  ["etcd-cp2", "etcd-cp2"],
  ["store@cp2", "etcd-cp2"],
  ["scheduler@cp1", "kube-scheduler-cp1"],
  ["cri@worker1", "cri-docker-worker1"],
  ["kubelet-worker1", "kubelet-worker1"],
  ["dns", "kube-dns-worker1"],
  ["etcd-leader", "etcd-cp2"],
  ["store-leader", "etcd-cp2"],
  ["scheduler-leader", "kube-scheduler-cp1"],
  ["controller-manager-leader", "? kube-controller-manager has no leader right now"],
  ["etcd", '? "etcd" runs on several machines; say which: etcd@cp1, etcd@cp2'],
  ["etcd@worker1", '? there is no "etcd" on worker1; there are kubelet, cri-docker, kube-dns'],
  ["etcd@cp9", '? there is no machine "cp9"; there are cp1, cp2, worker1'],
  ["nonsense", '? there is no machine or component "nonsense"; `flotilla status` lists them'],
];

for (const [text, want] of CASES) {
  test(`"${text}"`, () => {
    const target = resolveTarget(text, machines, components, { etcd: "cp2", "kube-scheduler": "cp1" });
    const got =
      target.kind === "machine"
        ? `machine ${target.name}`
        : target.kind === "unknown"
          ? `? ${target.why}`
          : target.components.map((c) => c.name).join(" ");
    assert.equal(got, want);
  });
}
