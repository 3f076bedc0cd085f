// An hour (or as many minutes as asked for) of objects that come, change and go, with watchers: the
// memory of the API server and of the store must not grow. Minutes, then calls in parallel:
//   npm run bench -- api-churn 60 8
import { Pool } from "./api-client.ts";
import { memory_mb } from "./api-load.ts";
import { BenchApiServer } from "./api-server.ts";
import { watchDelays } from "./api-watchers.ts";
import { median, round } from "./measure.ts";

const PATH = "/api/v1/namespaces/default/configmaps";
const OBJECTS = 2_000;
const WATCHERS = 10;
const SAMPLE_MS = 5_000;
const PAYLOAD = "x".repeat(900);
const MERGE = "application/merge-patch+json";

/** Resident memory of a process over time. */
class Memory {
  private readonly pid: number;
  private readonly samples_mb: number[] = [];

  constructor(pid: number) {
    this.pid = pid;
  }

  sample(): void {
    this.samples_mb.push(memory_mb(this.pid));
  }

  /** The first quarter warms up: caches and the heap grow to their size. */
  figures(): Record<string, number> {
    const { samples_mb } = this;
    const quarter = Math.ceil(samples_mb.length / 4);
    const [second, last] = [samples_mb.slice(quarter, 2 * quarter), samples_mb.slice(-quarter)];
    return {
      secondQuarter_mb: round(median(second), 0),
      lastQuarter_mb: round(median(last), 0),
      max_mb: round(Math.max(...samples_mb), 0),
      growth_mb: round(median(last) - median(second), 0),
    };
  }
}

export default async function churn(args: string[]): Promise<Record<string, unknown>> {
  const minutes = Number(args[0] ?? 60);
  const workers = Number(args[1] ?? 8);
  const server = await BenchApiServer.start({ flags: ["--etcd-compaction-interval=1m"] });
  const memories = { apiServer: new Memory(server.pids[0]!), store: new Memory(server.storePids[0]!) };
  const pool = await Pool.open(server.ports, server.identity, workers);
  const watchers = await watchDelays(server.ports, server.identity, `${PATH}?watch=true`, WATCHERS);
  const sampler = setInterval(() => Object.values(memories).forEach((memory) => void memory.sample()), SAMPLE_MS);
  const end = performance.now() + minutes * 60_000;
  let calls = 0;
  const worker = async (offset: number) => {
    for (let n = offset; performance.now() < end; n += workers) {
      const name = `c-${n % OBJECTS}`;
      await pool.send("POST", PATH, { metadata: { name, labels: { round: String(Math.floor(n / OBJECTS)) } }, data: { payload: PAYLOAD } });
      await pool.send("PATCH", `${PATH}/${name}`, { data: { n: String(n) } }, MERGE);
      await pool.send("GET", `${PATH}/${name}`);
      await pool.send("DELETE", `${PATH}/${name}`);
      calls += 4;
    }
  };
  try {
    await Promise.all(Array.from({ length: workers }, (_, i) => worker(i)));
    return {
      minutes,
      calls,
      per_s: round(calls / (minutes * 60), 0),
      apiServer: memories.apiServer.figures(),
      store: memories.store.figures(),
    };
  } finally {
    clearInterval(sampler);
    watchers.stop();
    pool.close();
    await server.stop();
  }
}
