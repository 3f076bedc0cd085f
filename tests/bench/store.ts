// The store beside real etcd, three members each, with the same client and flags: writes, reads,
// one writer alone, and the time from SIGKILL of the leader to the next write that succeeds.
import { readFileSync } from "node:fs";
import { StoreClient, waitForLeader } from "../../services/etcd/src/testing/client.ts";
import { hasRealEtcd, type Kind, StoreCluster } from "../../services/etcd/src/testing/processes.ts";
import { median, round } from "./measure.ts";

const VALUE = "x".repeat(1024);
const SECONDS = 5;

interface Figures {
  firstLeader_ms: number;
  writes_per_s: number;
  write_p50_ms: number;
  write_p99_ms: number;
  reads_per_s: number;
  serializableReads_per_s: number;
  aloneWrite_p50_ms: number;
  leaderMemory_mb: number;
  failover_ms: number;
  failover_all_ms: number[];
}

export default async function store(args: string[] = []): Promise<Record<string, unknown>> {
  const kills = Number(args[0] ?? 5);
  const ours = await measure("bundle", kills);
  if (!hasRealEtcd()) return { ...ours, reference: "etcd is not installed" };
  const reference = await measure("etcd", kills);
  const ratio = (of: (f: Figures) => number) => round(of(ours) / of(reference));
  return {
    ...ours,
    etcd: reference,
    ratio: {
      writes: ratio((f) => f.writes_per_s),
      reads: ratio((f) => f.reads_per_s),
      serializableReads: ratio((f) => f.serializableReads_per_s),
      aloneWrite: ratio((f) => f.aloneWrite_p50_ms),
      memory: ratio((f) => f.leaderMemory_mb),
      failover: ratio((f) => f.failover_ms),
    },
    goals: { failover_ms: 300, writesRatio: 1, readsRatio: 0.7, aloneWriteRatio: 1.2, memoryRatio: 0.5 },
  };
}

async function measure(kind: Kind, kills: number): Promise<Figures> {
  const started = performance.now();
  const cluster = await StoreCluster.start(kind);
  const clients = cluster.members.map((m) => new StoreClient(m.clientUrl));
  try {
    const leader = await waitForLeader(clients);
    const firstLeader_ms = performance.now() - started;
    const lead = clients[leader]!;
    await load(lead, 100, 1, (c, n) => c.put(`warm/${n % 1000}`, VALUE));
    const writes = await load(lead, 100, SECONDS, (c, n) => c.put(`bench/${n}`, VALUE));
    const reads = await load(lead, 100, SECONDS, (c, n) => c.get(`bench/${n % 1000}`));
    const serializable = await load(lead, 100, SECONDS, (c, n) => c.get(`bench/${n % 1000}`, "", true));
    const alone = await load(lead, 1, 2, (c, n) => c.put(`alone/${n}`, VALUE));
    const memory = rss_mb(cluster.members[leader]!.process!.pid!);
    const failovers: number[] = [];
    for (let i = 0; i < kills; i++) failovers.push(await failover(cluster, clients));
    return {
      firstLeader_ms: round(firstLeader_ms, 0),
      writes_per_s: round(writes.rate, 0),
      write_p50_ms: round(writes.p50_ms),
      write_p99_ms: round(writes.p99_ms),
      reads_per_s: round(reads.rate, 0),
      serializableReads_per_s: round(serializable.rate, 0),
      aloneWrite_p50_ms: round(alone.p50_ms),
      leaderMemory_mb: round(memory, 0),
      failover_ms: round(median(failovers), 0),
      failover_all_ms: failovers.map((ms) => round(ms, 0)),
    };
  } finally {
    for (const c of clients) c.close();
    await cluster.destroy();
  }
}

/** `workers` in parallel, each starting its next call when the last one has ended. */
async function load(client: StoreClient, workers: number, seconds: number, call: (c: StoreClient, n: number) => Promise<unknown>) {
  const until = performance.now() + seconds * 1000;
  const took_ms: number[] = [];
  let n = 0;
  const worker = async () => {
    while (performance.now() < until) {
      const from = performance.now();
      await call(client, n++);
      took_ms.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  took_ms.sort((a, b) => a - b);
  const at = (q: number) => took_ms[Math.min(took_ms.length - 1, Math.floor(took_ms.length * q))]!;
  return { rate: took_ms.length / seconds, p50_ms: at(0.5), p99_ms: at(0.99) };
}

/** Kills the leader while a client writes to the others in turn; brings it back afterwards. */
async function failover(cluster: StoreCluster, clients: StoreClient[]): Promise<number> {
  const leader = await waitForLeader(clients);
  const others = clients.filter((_, i) => i !== leader);
  await others[0]!.put("failover", "before");
  const killed = performance.now();
  await cluster.kill(cluster.members[leader]!);
  const first = await Promise.any(others.map(async (c, i) => retry(c, `failover/${i}`)));
  const took = first - killed;
  clients[leader]!.close();
  cluster.run(cluster.members[leader]!);
  await retry(clients[leader]!, "failover/back");
  await new Promise((resolve) => setTimeout(resolve, 500));
  return took;
}

const ATTEMPT_MS = 200;

/** Writes until it succeeds, each try with a deadline of its own; returns when the first one did. */
async function retry(client: StoreClient, key: string): Promise<number> {
  const until = performance.now() + 20_000;
  for (;;) {
    try {
      const late = new Promise<never>((_, reject) => setTimeout(reject, ATTEMPT_MS, new Error("too late")));
      await Promise.race([client.put(key, "x"), late]);
      return performance.now();
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

function rss_mb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
}
