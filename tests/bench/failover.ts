// Time until a write through kubectl's own path (the load balancer, REST over TLS) succeeds again
// after SIGKILL of the store's leader, and of the API server that served it. Default settings.
import { type Status, TestCluster } from "../support/cluster.ts";
import { ApiAccess } from "./api-access.ts";
import { median, round } from "./measure.ts";

type Component = Status["components"][number];

const pause = (delay_ms: number) => new Promise((resolve) => setTimeout(resolve, delay_ms));

async function untilWritten_s(api: ApiAccess, since: number): Promise<number> {
  for (let i = 0; ; i++) {
    try {
      await api.write(`after-${since.toFixed(0)}-${i}`);
      return (performance.now() - since) / 1000;
    } catch (error) {
      if (performance.now() - since > 60_000) throw error;
      await pause(10);
    }
  }
}

async function components(cluster: TestCluster, prefix: string): Promise<Component[]> {
  return (await cluster.status()).components.filter((c) => c.name.startsWith(prefix));
}

async function storeLeader_s(cluster: TestCluster): Promise<number> {
  const api = new ApiAccess(cluster.kubeconfig);
  const leader = (await components(cluster, "etcd")).find((c) => c.leader);
  if (!leader) throw new Error("the store has no leader");
  await api.write(`before-${leader.pid}`);
  process.kill(leader.pid, "SIGKILL");
  const took = await untilWritten_s(api, performance.now());
  api.close();
  return took;
}

/** Kills one API server after another until it was the one at the other end of our connection. */
async function apiServer_s(cluster: TestCluster): Promise<number> {
  const api = new ApiAccess(cluster.kubeconfig);
  for (const index of [0, 1, 2]) {
    await settled(cluster);
    const victim = (await components(cluster, "kube-apiserver"))[index]!;
    await api.write(`before-${victim.pid}`);
    const socket = api.idleSocket();
    const since = performance.now();
    process.kill(victim.pid, "SIGKILL");
    const hit = await new Promise<boolean>((resolve) => {
      socket?.once("close", () => resolve(true));
      setTimeout(() => resolve(false), 100);
    });
    const took = await untilWritten_s(api, since);
    if (hit) {
      api.close();
      return took;
    }
  }
  api.close();
  throw new Error("no API server was the one that served us");
}

async function settled(cluster: TestCluster): Promise<void> {
  for (let i = 0; i < 60; i++) {
    const { components: all } = await cluster.status();
    if (all.every((c) => c.state === "running") && all.some((c) => c.name.startsWith("etcd") && c.leader)) break;
    await pause(500);
  }
  await pause(3000);
}

export default async function failover(args: string[]): Promise<Record<string, unknown>> {
  const runs = Number(args[0] ?? 5);
  const cluster = new TestCluster("bench-failover");
  try {
    await cluster.flotilla(["up"]);
    const store: number[] = [];
    const api: number[] = [];
    for (let i = 0; i < runs; i++) {
      await settled(cluster);
      store.push(await storeLeader_s(cluster));
      api.push(await apiServer_s(cluster));
    }
    const rounded = (values: number[]) => values.map((s) => round(s, 3));
    return {
      runs,
      store_leader_s: round(median(store), 3),
      store_leader_s_all: rounded(store),
      api_server_s: round(median(api), 3),
      api_server_s_all: rounded(api),
      goal_s: 0.5,
    };
  } finally {
    await cluster.destroy();
  }
}
