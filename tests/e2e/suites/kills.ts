import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestCluster } from "../../support/cluster.ts";
import { eventually } from "../../support/run.ts";
import { hashes } from "./dockercoins.ts";

interface Victim {
  what: string;
  /** The component's name prefix, and whether the active one must be hit. */
  component: string;
  leader: boolean;
}

const VICTIMS: Victim[] = [
  { what: "the store's leader", component: "etcd", leader: true },
  { what: "an API server", component: "kube-apiserver", leader: false },
  { what: "the active scheduler", component: "kube-scheduler", leader: true },
  { what: "the active controller manager", component: "kube-controller-manager", leader: true },
  { what: "a kubelet", component: "kubelet", leader: false },
  { what: "a kube-proxy", component: "kube-proxy", leader: false },
];

/** Step 4 of the user's story: break every part once while the page counts. */
export function killsSuite(cluster: TestCluster): void {
  let url = "";

  for (const victim of VICTIMS) {
    test(`SIGKILL of ${victim.what}: the page counts on, kubectl answers, it is back by itself`, async () => {
      url ||= (await cluster.flotilla(["service", "webui", "--url"])).trim();
      const acknowledged: string[] = [];
      const status = await cluster.status();
      const target = status.components.find((c) => c.name.startsWith(victim.component) && (!victim.leader || c.leader));
      assert.ok(target, `no ${victim.what} among ${status.components.map((c) => c.name).join(" ")}`);
      const before = await eventually("the page answers", () => hashes(url), 20_000);
      process.kill(target.pid, "SIGKILL");

      const marker = `kill-${victim.component}-${target.pid}`;
      await eventually(
        "kubectl writes again",
        async () => {
          const result = await cluster.tryKubectl(["create", "configmap", marker, "--request-timeout=5s"], { timeout_ms: 10_000 });
          if (result.code === 0 || /AlreadyExists/.test(result.stderr)) acknowledged.push(marker);
          return acknowledged.length > 0;
        },
        15_000,
      );
      await eventually("the page counts on", async () => (await hashes(url)) > before + 2, 20_000);
      await eventually(
        `${target.name} is back`,
        async () => {
          const now = (await cluster.status()).components.find((c) => c.name === target.name && c.machine === target.machine);
          return now !== undefined && now.pid !== target.pid && now.state === "running";
        },
        60_000,
      );
      for (const name of acknowledged) await cluster.kubectl("get", "configmap", name);
    });
  }

  test("a worker machine dies: its pods are replaced on the others after the time-outs", async () => {
    const pods = await cluster.json("get", "pods", "-l", "app=worker");
    const victim: string = pods.items[0].spec.nodeName;
    await cluster.flotilla(["kill", victim]);
    await eventually(
      `${victim} is NotReady`,
      async () => new RegExp(`${victim}\\s+NotReady`).test(await cluster.kubectl("get", "nodes")),
      60_000,
    );
    await eventually(
      "ten workers run elsewhere",
      async () => {
        const now = await cluster.json("get", "pods", "-l", "app=worker", "--field-selector=status.phase=Running");
        return now.items.filter((p: any) => p.spec.nodeName !== victim && !p.metadata.deletionTimestamp).length >= 10;
      },
      120_000,
    );
    await eventually(
      "the page counts",
      async () => {
        const before = await hashes(url);
        await new Promise((resolve) => setTimeout(resolve, 1500));
        return (await hashes(url)) > before;
      },
      60_000,
    );
    await cluster.flotilla(["start", victim]);
    await eventually(
      `${victim} is Ready again`,
      async () => new RegExp(`${victim}\\s+Ready`).test(await cluster.kubectl("get", "nodes")),
      60_000,
    );
  });

  test("pause and resume of the store's leader", async () => {
    const leader = (await cluster.status()).components.find((c) => c.name.startsWith("etcd") && c.leader)!;
    await cluster.flotilla(["pause", `etcd-${leader.machine}`]);
    try {
      await eventually(
        "kubectl writes again",
        async () => (await cluster.tryKubectl(["create", "configmap", "paused", "--request-timeout=5s"])).code === 0,
        20_000,
      );
    } finally {
      await cluster.flotilla(["resume", `etcd-${leader.machine}`]);
    }
    await cluster.kubectl("get", "configmap", "paused");
  });

  test("stop and start bring everything back with its data", async () => {
    await cluster.kubectl("create", "configmap", "kept", "--from-literal=a=b");
    await cluster.flotilla(["stop"]);
    await cluster.flotilla(["start"]);
    assert.equal((await cluster.json("get", "configmap", "kept")).data.a, "b");
    await cluster.kubectl("rollout", "status", "deploy/webui", "--timeout=120s");
    await cluster.kubectl("rollout", "status", "deploy/worker", "--timeout=120s");
    url = (await cluster.flotilla(["service", "webui", "--url"])).trim();
    await eventually("the page counts again", async () => (await hashes(url)) > 0, 90_000);
  });
}
