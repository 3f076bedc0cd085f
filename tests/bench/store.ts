// The store beside real etcd: three members each, in the same run, with the same flags and clients.
// `--quick` leaves out `etcdctl check perf`, which takes a minute per load and kind: a minute and a half instead of eight.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { StoreClient, waitForLeader } from "../../services/etcd/src/testing/client.ts";
import { hasRealEtcd, type Kind, StoreCluster } from "../../services/etcd/src/testing/processes.ts";
import { median, round } from "./measure.ts";
import { killLeader_ms, restart_s, transfer_ms } from "./store-failover.ts";
import { clientLoad, type LoadFigures } from "./store-load.ts";
import { checkPerf, type PerfFigures, type PerfLoad } from "./store-perf.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");
const LOAD_S = 3;
const LOADS: PerfLoad[] = ["m", "l", "xl"];

interface Figures extends LoadFigures {
  firstLeader_ms: number;
  killLeader_ms: number;
  killLeader_all_ms: number[];
  transfer_ms: number;
  restart200k_s: number;
  checkPerf: Partial<Record<PerfLoad, PerfFigures>>;
}

export default async function store(args: string[] = []): Promise<Record<string, unknown>> {
  const quick = args.includes("--quick");
  spawnSync(process.execPath, [join(ROOT, "scripts/build.mjs"), "etcd"], { stdio: ["ignore", "ignore", "inherit"] });
  const kinds: Kind[] = hasRealEtcd() ? ["bundle", "etcd"] : ["bundle"];
  const perf: Partial<Record<Kind, Figures["checkPerf"]>> = { bundle: {}, etcd: {} };
  // Kinds take turns load by load: what else the machine does meets both alike.
  for (const load of quick ? [] : LOADS) for (const kind of kinds) perf[kind]![load] = await checkPerf(kind, load);
  const ours: Figures = { ...(await measure("bundle")), checkPerf: perf.bundle! };
  if (kinds.length === 1) return { ...ours, reference: "etcd is not installed" };
  const etcd: Figures = { ...(await measure("etcd")), checkPerf: perf.etcd! };
  return { ratio: ratios(ours, etcd), goal: GOALS, ours, etcd };
}

const GOALS = {
  writes: ">= 1",
  writeP99: "<= 1",
  reads: ">= 0.7",
  ranges500: ">= 0.7",
  kubernetesTxns: ">= 1",
  watchEvents: ">= 1",
  aloneWriteP50: "<= 1.2",
  memoryAfterXl: "<= 0.5",
  killLeader_ms: "<= 300",
  transfer_ms: "<= 30",
  restart200k_s: "<= 3",
  elections: 0,
};

/** Ours by etcd's. */
function ratios(ours: Figures, etcd: Figures): Record<string, number | undefined> {
  const of = (pick: (f: Figures) => number | undefined) => {
    const [a, b] = [pick(ours), pick(etcd)];
    return a === undefined || b === undefined ? undefined : round(a / b);
  };
  return {
    checkPerfM: of((f) => f.checkPerf.m?.writes_per_s),
    checkPerfL: of((f) => f.checkPerf.l?.writes_per_s),
    checkPerfXl: of((f) => f.checkPerf.xl?.writes_per_s),
    slowestM: of((f) => f.checkPerf.m?.slowest_s),
    slowestL: of((f) => f.checkPerf.l?.slowest_s),
    slowestXl: of((f) => f.checkPerf.xl?.slowest_s),
    memoryAfterXl: of((f) => f.checkPerf.xl?.memory_mb),
    cpuPerWriteXl: of((f) => f.checkPerf.xl?.cpu_us_per_write),
    writes: of((f) => f.writes.per_s),
    writeP99: of((f) => f.writes.p99_ms),
    reads: of((f) => f.reads.per_s),
    serializableReads: of((f) => f.serializableReads.per_s),
    mixed: of((f) => f.mixed.per_s),
    ranges500: of((f) => f.ranges500.per_s),
    kubernetesTxns: of((f) => f.kubernetesTxns.per_s),
    watchEvents: of((f) => f.watchEvents_per_s),
    aloneWriteP50: of((f) => f.aloneWrite.p50_ms),
    killLeader: of((f) => f.killLeader_ms),
    transfer: of((f) => f.transfer_ms),
    restart200k: of((f) => f.restart200k_s),
  };
}

async function measure(kind: Kind): Promise<Omit<Figures, "checkPerf">> {
  const started = performance.now();
  const cluster = await StoreCluster.start(kind);
  const clients = cluster.members.map((m) => new StoreClient(m.clientUrl));
  try {
    const leader = await waitForLeader(clients);
    const firstLeader_ms = performance.now() - started;
    const figures = await clientLoad(cluster.members[leader]!.clientUrl, LOAD_S);
    const kills = await series(3, () => killLeader_ms(cluster, clients));
    const transfers = await series(3, () => transfer_ms(clients));
    const restart = await restart_s(cluster, clients);
    return {
      ...figures,
      firstLeader_ms: round(firstLeader_ms, 0),
      killLeader_ms: round(median(kills), 0),
      killLeader_all_ms: kills.map((ms) => round(ms, 0)),
      transfer_ms: round(median(transfers), 1),
      restart200k_s: round(restart),
    };
  } finally {
    for (const c of clients) c.close();
    await cluster.destroy();
  }
}

async function series(count: number, run: () => Promise<number>): Promise<number[]> {
  const out: number[] = [];
  for (let i = 0; i < count; i++) out.push(await run());
  return out;
}
