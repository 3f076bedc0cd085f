import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestCluster } from "../../support/cluster.ts";

/** Steps 1 and 2 of the user's story: six nodes, and the parts of the control plane as pods. */
export function nodesSuite(cluster: TestCluster, runtime: "docker" | "process"): void {
  test("six nodes are Ready, with roles, versions, addresses and runtime", async () => {
    const text = await cluster.kubectl("get", "nodes", "-o", "wide");
    const rows = text.trim().split("\n");
    assert.match(
      rows[0]!,
      /^NAME\s+STATUS\s+ROLES\s+AGE\s+VERSION\s+INTERNAL-IP\s+EXTERNAL-IP\s+OS-IMAGE\s+KERNEL-VERSION\s+CONTAINER-RUNTIME/,
    );
    const names = rows.slice(1).map((row) => row.split(/\s+/)[0]);
    assert.deepEqual(names, ["cp1", "cp2", "cp3", "worker1", "worker2", "worker3"]);
    for (const row of rows.slice(1)) {
      assert.match(row, /^\S+\s+Ready\s/);
      assert.match(row, /\sv1\.33\.\d+\+flotilla/);
      assert.match(row, /\s\d+\.\d+\.\d+\.\d+\s/);
    }
    assert.equal(rows.filter((row) => / control-plane /.test(row)).length, 3);
    assert.match(rows.at(-1)!, runtime === "docker" ? /docker:\/\// : /process:\/\//);
  });

  test("kubectl sees no version skew", async () => {
    const { stdout, stderr } = await cluster.tryKubectl(["version"]);
    assert.match(stdout, /Server Version: v1\.33/);
    assert.doesNotMatch(stderr, /WARNING: version difference/);
  });

  test("the control plane's parts are static pods with logs", async () => {
    const pods = await cluster.json("get", "pods", "-n", "kube-system");
    const names: string[] = pods.items.map((pod: any) => pod.metadata.name);
    for (const part of ["etcd", "kube-apiserver", "kube-scheduler", "kube-controller-manager"]) {
      for (const node of ["cp1", "cp2", "cp3"])
        assert.ok(names.includes(`${part}-${node}`), `${part}-${node} is missing in ${names.join(" ")}`);
    }
    assert.equal(names.filter((name) => name.startsWith("kube-proxy-")).length, 6);
    assert.ok(
      names.some((name) => /dns/.test(name)),
      "no DNS pod",
    );
    for (const pod of pods.items) assert.equal(pod.status.phase, "Running", pod.metadata.name);
    const log = await cluster.kubectl("logs", "-n", "kube-system", "kube-apiserver-cp1", "--tail=5");
    assert.ok(log.trim().length > 0, "the API server's log is empty");
  });

  test("flotilla status names machines, components and one store leader", async () => {
    const status = await cluster.status();
    assert.equal(status.machines.length, 6);
    const stores = status.components.filter((c) => c.name.startsWith("etcd"));
    assert.equal(stores.length, 3);
    assert.equal(stores.filter((c) => c.leader).length, 1);
    for (const component of status.components) assert.ok(component.pid > 1, `${component.name} on ${component.machine} has no pid`);
  });

  test("flotilla up again is harmless", async () => {
    const before = await cluster.status();
    await cluster.flotilla(["up"]);
    const after = await cluster.status();
    const pids = (s: typeof before) => s.components.map((c) => `${c.name}@${c.machine}:${c.pid}`).sort();
    assert.deepEqual(pids(after), pids(before));
  });
}
