// A concurrent client's view of the store: what is asked, how many at a time, and how long it takes.
import { StoreClient } from "../../services/etcd/src/testing/client.ts";
import { percentile, round } from "./measure.ts";
import { guardedPut, page, watchPrefix } from "./store-requests.ts";

const VALUE = "x".repeat(1024);
const WORKERS = 100;
const PAGE = 500;
const WATCHERS = 200;
const WATCH_CONNECTIONS = 8;
const WATCH_WRITES = 300;
const READ_KEYS = 1000;

export interface Rate {
  readonly per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** Calls that failed; left out where none did. */
  readonly failed?: number;
}

export interface LoadFigures {
  readonly writes: Rate;
  readonly reads: Rate;
  readonly serializableReads: Rate;
  readonly mixed: Rate;
  readonly ranges500: Rate;
  readonly kubernetesTxns: Rate;
  readonly aloneWrite: Rate;
  readonly watchEvents_per_s: number;
}

/** All of it against one member's URL, `seconds` each. */
export async function clientLoad(leaderUrl: string, seconds: number): Promise<LoadFigures> {
  const clients = Array.from({ length: 4 }, () => new StoreClient(leaderUrl));
  const of = (n: number) => clients[n % clients.length]!;
  try {
    for (let i = 0; i < READ_KEYS; i += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, n) => of(n).put(key("list", i + n), VALUE)));
    }
    const put = (n: number) => of(n).put(key("load", n), VALUE);
    const get = (n: number) => of(n).get(key("list", (n * 7) % READ_KEYS));
    await load(WORKERS, 1, put);
    const writes = await load(WORKERS, seconds, put);
    const reads = await load(WORKERS, seconds, get);
    const serializableReads = await load(WORKERS, seconds, (n) => of(n).get(key("list", (n * 7) % READ_KEYS), "", true));
    // What a cluster at work asks for: one write for four reads.
    const mixed = await load(WORKERS, seconds, (n) => (n % 5 === 0 ? put(n) : get(n)));
    const ranges500 = await load(8, seconds, (n) => page(of(n), key("list", (n * 13) % (READ_KEYS - PAGE)), "list/", PAGE));
    const kubernetesTxns = await load(WORKERS, seconds, createThenUpdate(of));
    const aloneWrite = await load(1, Math.max(2, seconds / 2), (n) => clients[0]!.put(key("alone", n), VALUE));
    const watchEvents_per_s = await fanOut(leaderUrl, clients[0]!);
    return { writes, reads, serializableReads, mixed, ranges500, kubernetesTxns, aloneWrite, watchEvents_per_s };
  } finally {
    for (const c of clients) c.close();
  }
}

const key = (kind: string, n: number) => `${kind}/${String(n).padStart(8, "0")}`;

/** Objects as Kubernetes keeps them: created once, then updated with the revision of the last write. */
function createThenUpdate(of: (n: number) => StoreClient): (n: number) => Promise<void> {
  const known = new Map<string, number>();
  return async (n) => {
    const name = key("objects", n % 2000);
    const { succeeded, revision } = await guardedPut(of(n), name, VALUE, known.get(name) ?? 0);
    if (succeeded) known.set(name, revision);
  };
}

/** `workers` in parallel, each starting its next call when the last one has ended. */
export async function load(workers: number, seconds: number, call: (n: number) => Promise<unknown>): Promise<Rate> {
  const from = performance.now();
  const until = from + seconds * 1000;
  const took_ms: number[] = [];
  let n = 0;
  let failed = 0;
  const worker = async () => {
    while (performance.now() < until) {
      const started = performance.now();
      const ok = await call(n++).then(
        () => true,
        () => false,
      );
      if (ok) took_ms.push(performance.now() - started);
      else failed++;
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  const elapsed_s = (performance.now() - from) / 1000;
  return {
    per_s: round(took_ms.length / elapsed_s, 0),
    p50_ms: round(percentile(took_ms, 0.5)),
    p99_ms: round(percentile(took_ms, 0.99)),
    ...(failed > 0 ? { failed } : {}),
  };
}

/** Many watchers of one prefix: how many events a second reach them while it is written to. */
async function fanOut(url: string, writer: StoreClient): Promise<number> {
  const clients = Array.from({ length: WATCH_CONNECTIONS }, () => new StoreClient(url));
  let received = 0;
  const expected = WATCHERS * WATCH_WRITES;
  const { promise, resolve } = Promise.withResolvers<void>();
  const onEvents = (count: number) => {
    received += count;
    if (received === expected) resolve();
  };
  const cancels = await Promise.all(
    Array.from({ length: WATCHERS }, (_, i) => watchPrefix(clients[i % clients.length]!, "watched/", onEvents)),
  );
  const from = performance.now();
  let written = 0;
  const write = async () => {
    while (written < WATCH_WRITES) await writer.put(key("watched", written++), VALUE);
  };
  await Promise.all([write(), write(), write(), write()]);
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`watchers got ${received} of ${expected} events`)), 30_000).unref();
  });
  await Promise.race([promise, late]);
  const rate = expected / ((performance.now() - from) / 1000);
  for (const cancel of cancels) cancel();
  for (const c of clients) c.close();
  return round(rate, 0);
}
