// Time until a write through kubectl's own path (the load balancer, REST over TLS) succeeds again
// after SIGKILL of the store's leader, and of the API server that served it. Default settings.
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { parse } from "yaml";
import { TestCluster } from "../support/cluster.ts";
import { median, round } from "./measure.ts";

interface Access {
  server: URL;
  ca: Buffer;
  cert: Buffer;
  key: Buffer;
}

function access(kubeconfig: string): Access {
  const config = parse(readFileSync(kubeconfig, "utf8"));
  const cluster = config.clusters[0].cluster;
  const user = config.users[0].user;
  const decode = (text: string) => Buffer.from(text, "base64");
  return {
    server: new URL(cluster.server),
    ca: decode(cluster["certificate-authority-data"]),
    cert: decode(user["client-certificate-data"]),
    key: decode(user["client-key-data"]),
  };
}

/** One POST of a ConfigMap; resolves with the API server that answered, rejects on any failure. */
function write({ server, ca, cert, key }: Access, agent: Agent, name: string): Promise<void> {
  const body = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
  return new Promise((resolve, reject) => {
    const req = request(
      {
        host: server.hostname,
        port: server.port,
        path: "/api/v1/namespaces/default/configmaps",
        method: "POST",
        agent,
        ca,
        cert,
        key,
        headers: { "content-type": "application/json" },
        timeout: 1000,
      },
      (res) => {
        res.resume();
        res.on("end", () => (res.statusCode === 201 || res.statusCode === 409 ? resolve() : reject(new Error(`HTTP ${res.statusCode}`))));
        res.on("error", reject);
      },
    );
    req.on("timeout", () => req.destroy(new Error("timed out")));
    req.on("error", reject);
    req.end(body);
  });
}

async function recovery_s(cluster: TestCluster, kill: () => Promise<void>): Promise<number> {
  const to = access(cluster.kubeconfig);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  await write(to, agent, `before-${performance.now().toFixed(0)}`);
  await kill();
  const at = performance.now();
  for (let i = 0; ; i++) {
    try {
      await write(to, agent, `after-${at.toFixed(0)}-${i}`);
      agent.destroy();
      return (performance.now() - at) / 1000;
    } catch (error) {
      if (performance.now() - at > 60_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

async function killComponent(cluster: TestCluster, prefix: string, leader: boolean): Promise<void> {
  const target = (await cluster.status()).components.find((c) => c.name.startsWith(prefix) && (!leader || c.leader));
  if (!target) throw new Error(`no ${prefix} to kill`);
  process.kill(target.pid, "SIGKILL");
}

async function settled(cluster: TestCluster): Promise<void> {
  for (let i = 0; i < 60; i++) {
    const status = await cluster.status();
    if (status.components.every((c) => c.state === "running") && status.components.some((c) => c.name.startsWith("etcd") && c.leader))
      break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await new Promise((resolve) => setTimeout(resolve, 3000));
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
      store.push(await recovery_s(cluster, () => killComponent(cluster, "etcd", true)));
      await settled(cluster);
      api.push(await recovery_s(cluster, () => killComponent(cluster, "kube-apiserver", false)));
    }
    return {
      runs,
      store_leader_s: round(median(store), 3),
      store_leader_s_all: store.map((s) => round(s, 3)),
      api_server_s: round(median(api), 3),
      api_server_s_all: api.map((s) => round(s, 3)),
      goal_s: 0.5,
    };
  } finally {
    await cluster.destroy();
  }
}
