// The API server under 32 TLS connections: create, get, merge patch, list of 500, with 20 watchers,
// 1 KB objects, one API server process on one member of our store. Reference figures (real
// kube-apiserver 1.20 on one etcd, 2 cores) are in the goals.
import { readFileSync } from "node:fs";
import { Agent, type RequestOptions, request } from "node:https";
import { join } from "node:path";
import { BenchApiServer } from "./api-server.ts";
import { percentile, round } from "./measure.ts";

const CONNECTIONS = 32;
const WATCHERS = 20;
const SECONDS = 4;
const LISTED = 500;
const PATH = "/api/v1/namespaces/default/configmaps";
const DATA = { payload: "x".repeat(900) };

/** Process times tick a hundred times a second. */
const TICK_MS = 10;
let serverPid = 0;

function serverCpu_ms(): number {
  const fields = readFileSync(`/proc/${serverPid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

type Send = (method: string, path: string, body?: object, contentType?: string) => Promise<void>;

export default async function api(args: string[] = []): Promise<Record<string, unknown>> {
  const server = await BenchApiServer.start(args[0] === "etcd" ? "etcd" : "bundle");
  serverPid = server.process.pid!;
  try {
    const credentials = {
      ca: readFileSync(join(server.folder, "ca.crt")),
      cert: readFileSync(join(server.folder, "admin.crt")),
      key: readFileSync(join(server.folder, "admin.key")),
    };
    const agent = new Agent({ ...credentials, keepAlive: true, maxSockets: CONNECTIONS });
    const send = sender({ host: "127.0.0.1", port: server.port, agent });
    for (let i = 0; i < LISTED; i++) await send("POST", PATH, object(`listed-${i}`));
    const list = await load(() => send("GET", `${PATH}?limit=${LISTED}`));
    const alone = await load((n) => send("POST", PATH, object(`alone-${n}`)), 1, 1);
    const delays_ms: number[] = [];
    const stopWatching = watchers({ host: "127.0.0.1", port: server.port, ...credentials, agent: false }, delays_ms);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const create = await load((n) => send("POST", PATH, object(`o-${n}`)));
    stopWatching();
    const get = await load((n) => send("GET", `${PATH}/o-${n % create.count}`));
    const patch = await load((n) =>
      send("PATCH", `${PATH}/o-${n % create.count}`, { data: { n: String(n) } }, "application/merge-patch+json"),
    );
    const remove = await load((n) => send("DELETE", `${PATH}/o-${n}`), CONNECTIONS, SECONDS, create.count);
    agent.destroy();
    const memory_mb = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${server.process.pid}/status`, "utf8"))![1]) / 1024;
    return {
      ready_ms: round(server.ready_ms, 0),
      memory_mb: round(memory_mb, 0),
      create: figures(create),
      createAlone: figures(alone),
      get: figures(get),
      patch: figures(patch),
      list500: figures(list),
      delete: figures(remove),
      watchDelay: { events: delays_ms.length, p50_ms: round(percentile(delays_ms, 0.5)), p99_ms: round(percentile(delays_ms, 0.99)) },
      goals: {
        create_per_s: 1925,
        get_per_s: 5350,
        patch_per_s: 2980,
        list500_per_s: 166,
        createAlone_p50_ms: 0.9,
        ready_ms: 3900,
        memory_mb: 320,
        watchDelay_p50_ms: 20,
      },
    };
  } finally {
    await server.stop();
  }
}

const object = (name: string) => ({ metadata: { name, annotations: { sent: String(performance.now()) } }, data: DATA });

function sender(options: RequestOptions): Send {
  return (method, path, body, contentType = "application/json") =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = text === undefined ? {} : { "content-type": contentType, "content-length": Buffer.byteLength(text) };
      const call = request({ ...options, method, path, headers }, (response) => {
        response.resume();
        response.on("end", () => (response.statusCode! < 300 ? resolve() : reject(new Error(`${method} ${path}: ${response.statusCode}`))));
      });
      call.on("error", reject);
      call.end(text);
    });
}

interface Measured {
  count: number;
  cpu_ms: number;
  took_ms: number[];
  seconds: number;
}

/** `workers` in parallel until the time or the number of calls is used up. */
async function load(
  call: (n: number) => Promise<void>,
  workers = CONNECTIONS,
  seconds = SECONDS,
  calls = Number.POSITIVE_INFINITY,
): Promise<Measured> {
  const started = performance.now();
  const cpuBefore_ms = serverCpu_ms();
  const took_ms: number[] = [];
  let next = 0;
  const worker = async () => {
    while (next < calls && performance.now() - started < seconds * 1000) {
      const from = performance.now();
      await call(next++);
      took_ms.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return { count: next, took_ms, seconds: (performance.now() - started) / 1000, cpu_ms: serverCpu_ms() - cpuBefore_ms };
}

/** cpu_ms: the server's own, per request; it holds on a busy machine too. */
function figures({ took_ms, seconds, cpu_ms }: Measured): Record<string, number> {
  return {
    per_s: round(took_ms.length / seconds, 0),
    p50_ms: round(percentile(took_ms, 0.5)),
    p99_ms: round(percentile(took_ms, 0.99)),
    cpu_ms: round(cpu_ms / took_ms.length, 3),
  };
}

/** Counts the time from sending a create to seeing its event. */
function watchers(options: RequestOptions, delays_ms: number[]): () => void {
  const calls = Array.from({ length: WATCHERS }, () => {
    const call = request({ ...options, path: `${PATH}?watch=true&resourceVersion=0` }, (response) => {
      let rest = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        const now = performance.now();
        const lines = (rest + text).split("\n");
        rest = lines.pop()!;
        for (const line of lines) {
          const [, sent] = /"name":"o-\d+".*?"sent":"([\d.]+)"/.exec(line) ?? [];
          if (sent) delays_ms.push(now - Number(sent));
        }
      });
      response.on("error", () => {});
    });
    call.on("error", () => {});
    call.end();
    return call;
  });
  return () => {
    for (const call of calls) call.destroy();
  };
}
