// The API server under 32 TLS connections, with 1 KB objects, on one member of the store: what one
// server does, how three grow, what 5,000 idle watches cost. The goals are what a real
// kube-apiserver 1.20 on one etcd did on two cores; where one is installed (or named by KUBE_APISERVER)
// it is measured in the same run.
//   npm run bench -- api [etcd] [create get patch list labels delete alone scale idle]
import { type Identity, Pool } from "./api-client.ts";
import { figures, type Load, load, type Measured, memory_mb } from "./api-load.ts";
import { BenchApiServer, type BenchOptions, upstreamVersion } from "./api-server.ts";
import { idleConnections, idleStreams, watchDelays } from "./api-watchers.ts";
import { percentile, round } from "./measure.ts";

const CONNECTIONS = 32;
const WATCHERS = 20;
const SECONDS = 4;
const LISTED = 500;
/** Every twentieth of the first 2,000 objects carries the label that is asked for. */
const LABELLED_AMONG = 2_000;
const LABELLED_EVERY = 20;
const IDLE_WATCHES = 5_000;
const STREAMS_PER_CONNECTION = 100;
/** Lists are big: with few callers the time of one shows. */
const LISTERS_FEW = 4;
const REPLICAS = 3;
const NAMESPACE = "/api/v1/namespaces/default/configmaps";
const DATA = { payload: "x".repeat(900) };
const MERGE = "application/merge-patch+json";
const GOALS = {
  create_per_s: 1925,
  create_p50_ms: 15,
  get_per_s: 5350,
  patch_per_s: 2980,
  list500_per_s: 166,
  list500_p50_ms: 20,
  labels_per_s: 73,
  delete_per_s: 2960,
  createAlone_p50_ms: 0.9,
  ready_ms: 3900,
  memory_mb: 320,
  watchDelay_p50_ms: 20,
  watchDelay_p99_ms: 65,
  idleWatches_mb: 200,
};

export default async function api(args: string[] = []): Promise<Record<string, unknown>> {
  const store = args[0] === "etcd" ? "etcd" : "bundle";
  const phases = args.filter((arg) => arg !== "etcd");
  const wanted = (phase: string) => phases.length === 0 || phases.includes(phase);
  const single = ["create", "get", "patch", "list", "labels", "delete", "alone"].some(wanted);
  const version = upstreamVersion();
  const ours = single ? await oneServer({ store }, wanted) : {};
  const upstream = single && version ? await oneServer({ program: "upstream", store: "etcd" }, wanted) : undefined;
  return {
    ...ours,
    ...(upstream ? { reference: { version, ...upstream }, ratios: ratios(ours, upstream) } : {}),
    ...(wanted("scale") ? { scale: await scale(store) } : {}),
    ...(wanted("idle") ? { idleWatches: await idle(store) } : {}),
    goals: GOALS,
  };
}

type Figures = { [name: string]: unknown };

/** Above 1 ours is better: more per second, or less time and memory. */
function ratios(ours: Figures, upstream: Figures): Figures {
  const out: Figures = {};
  for (const [name, own] of Object.entries(ours)) {
    const other = upstream[name];
    if (typeof own === "object") out[name] = ratios(own as Figures, other as Figures);
    else if (name.endsWith("_per_s") || name === "per_s") out[name] = round(Number(own) / Number(other));
    else if (name.endsWith("_ms") || name.endsWith("_mb")) out[name] = round(Number(other) / Number(own));
  }
  return out;
}

const object = (name: string, labels?: Record<string, string>) => ({
  metadata: { name, ...(labels ? { labels } : {}), annotations: { sent: String(performance.now()) } },
  data: DATA,
});

async function oneServer(which: BenchOptions, wanted: (phase: string) => boolean): Promise<Record<string, unknown>> {
  const server = await BenchApiServer.start(which);
  const { ports, pids, identity } = server;
  const options: Load = { workers: CONNECTIONS, seconds: SECONDS, pids };
  const out: Record<string, unknown> = { ready_ms: round(server.ready_ms, 0) };
  const pool = await Pool.open(ports, identity, CONNECTIONS);
  try {
    if (wanted("list")) {
      for (let i = 0; i < LISTED; i++) await pool.send("POST", NAMESPACE, object(`listed-${i}`));
      const list = () => pool.send("GET", `${NAMESPACE}?limit=${LISTED}`);
      out["list500"] = figures(await load(list, options));
      out["list500by4"] = figures(await load(list, { ...options, workers: LISTERS_FEW }));
    }
    if (wanted("alone"))
      out["createAlone"] = figures(
        await load((n) => pool.send("POST", NAMESPACE, object(`alone-${n}`)), { ...options, workers: 1, seconds: 2 }),
      );
    if (wanted("labels")) out["labels"] = figures(await listByLabel(pool, options));
    const created = await createAndWatch(pool, ports, identity, options);
    out["create"] = figures(created.measured);
    out["watchDelay"] = created.delay;
    const name = (n: number) => `${NAMESPACE}/o-${n % created.measured.count}`;
    if (wanted("get")) out["get"] = figures(await load((n) => pool.send("GET", name(n)), options));
    if (wanted("patch")) out["patch"] = figures(await load((n) => pool.send("PATCH", name(n), { data: { n: String(n) } }, MERGE), options));
    if (wanted("delete"))
      out["delete"] = figures(await load((n) => pool.send("DELETE", name(n)), { ...options, calls: created.measured.count }));
    out["memory_mb"] = round(memory_mb(pids[0]!), 0);
    return out;
  } finally {
    pool.close();
    await server.stop();
  }
}

async function listByLabel(pool: Pool, options: Load): Promise<Measured> {
  const folder = "/api/v1/namespaces/kube-public/configmaps";
  const create = (n: number) => pool.send("POST", folder, object(`l-${n}`, { part: n % LABELLED_EVERY === 0 ? "asked" : "other" }));
  await load(create, { ...options, seconds: 60, calls: LABELLED_AMONG });
  return load(() => pool.send("GET", `${folder}?labelSelector=part%3Dasked`), options);
}

async function createAndWatch(pool: Pool, ports: readonly number[], identity: Identity, options: Load) {
  const watchers = await watchDelays(ports, identity, `${NAMESPACE}?watch=true&resourceVersion=0`, WATCHERS);
  const measured = await load((n) => pool.send("POST", NAMESPACE, object(`o-${n}`)), options);
  await new Promise((resolve) => setTimeout(resolve, 200));
  watchers.stop();
  const { delays_ms } = watchers;
  const delay = {
    events: delays_ms.length,
    missed: measured.count * WATCHERS - delays_ms.length,
    p50_ms: round(percentile([...delays_ms], 0.5)),
    p99_ms: round(percentile([...delays_ms], 0.99)),
  };
  return { measured, delay };
}

/** The same reads and writes against one server and three; on a machine with few cores the processor time is what tells. */
async function scale(store: "etcd" | "bundle"): Promise<Record<string, unknown>> {
  const out: Record<string, unknown> = {};
  for (const replicas of [1, REPLICAS]) {
    const server = await BenchApiServer.start({ store, replicas });
    const pool = await Pool.open(server.ports, server.identity, CONNECTIONS);
    const options: Load = { workers: CONNECTIONS, seconds: SECONDS, pids: server.pids };
    try {
      const create = await load((n) => pool.send("POST", NAMESPACE, object(`o-${n}`)), options);
      const get = await load((n) => pool.send("GET", `${NAMESPACE}/o-${n % create.count}`), options);
      out[`servers${replicas}`] = { create: figures(create), get: figures(get) };
    } finally {
      pool.close();
      await server.stop();
    }
  }
  return out;
}

/** What the server's memory grows by: many watches on each connection, and each on one of its own. */
async function idle(store: "etcd" | "bundle"): Promise<Record<string, unknown>> {
  const path = `${NAMESPACE}?watch=true`;
  return {
    watches: IDLE_WATCHES,
    http2_mb: await growth(store, ({ ports, identity }) => idleStreams(ports[0]!, identity, path, IDLE_WATCHES, STREAMS_PER_CONNECTION)),
    connections_mb: await growth(store, ({ ports, identity }) => idleConnections(ports[0]!, identity, path, IDLE_WATCHES)),
  };
}

async function growth(store: "etcd" | "bundle", open: (server: BenchApiServer) => Promise<() => void>): Promise<number> {
  const server = await BenchApiServer.start({ store });
  try {
    const before_mb = memory_mb(server.pids[0]!);
    const close = await open(server);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const after_mb = memory_mb(server.pids[0]!);
    close();
    return round(after_mb - before_mb, 0);
  } finally {
    await server.stop();
  }
}
