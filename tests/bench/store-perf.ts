// The real `etcdctl check perf` against three members, and what it leaves behind.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { StoreClient, waitForLeader } from "../../services/etcd/src/testing/client.ts";
import { type Kind, StoreCluster } from "../../services/etcd/src/testing/processes.ts";
import { median, round } from "./measure.ts";
import { termOf } from "./store-requests.ts";

export type PerfLoad = "m" | "l" | "xl";

export interface PerfFigures {
  readonly writes_per_s: number;
  readonly slowest_s: number;
  readonly stddev_s: number;
  /** Proportional set size, middle of the three members, two seconds after the load. */
  readonly memory_mb: number;
  readonly leaderMemory_mb: number;
  /** Of all three members together. */
  readonly cpu_us_per_write: number;
  /** Terms that began under the load; none should. */
  readonly elections: number;
}

export async function checkPerf(kind: Kind, load: PerfLoad): Promise<PerfFigures> {
  const cluster = await StoreCluster.start(kind);
  const clients = cluster.members.map((m) => new StoreClient(m.clientUrl));
  try {
    const leader = await waitForLeader(clients);
    const pids = cluster.members.map((m) => m.process!.pid!);
    const term = await termOf(clients[leader]!);
    const cpu = pids.map(cpu_ms);
    const output = await etcdctl(
      cluster.members.map((m) => m.clientUrl),
      load,
    );
    const used_ms = pids.map(cpu_ms).reduce((sum, ms, i) => sum + ms - cpu[i]!, 0);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const memory = pids.map(pss_mb);
    const writes_per_s = figure(output, /Throughput (?:is|too low:) (\d+) writes\/s/);
    return {
      writes_per_s,
      slowest_s: figure(output, /Slowest request took (?:too long: )?([\d.]+)s/),
      stddev_s: figure(output, /Stddev (?:is|too high:) ([\d.]+)s/),
      memory_mb: round(median(memory), 0),
      leaderMemory_mb: round(memory[leader]!, 0),
      cpu_us_per_write: round((used_ms * 1000) / (writes_per_s * 60), 0),
      elections: (await termOf(clients[leader]!)) - term,
    };
  } finally {
    for (const c of clients) c.close();
    await cluster.destroy();
  }
}

function etcdctl(endpoints: readonly string[], load: PerfLoad): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("etcdctl", ["--endpoints", endpoints.join(), "check", "perf", `--load=${load}`], {
      env: { ...process.env, ETCDCTL_API: "3" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    child.stdout.on("data", (d) => (text += d));
    child.stderr.on("data", (d) => (text += d));
    child.once("error", reject);
    // It exits with 1 when the throughput is below what it expects of large servers.
    child.once("exit", () => resolve(text));
  });
}

function figure(text: string, pattern: RegExp): number {
  const found = pattern.exec(text);
  if (!found) throw new Error(`etcdctl check perf says no ${pattern}: ${text.slice(-500)}`);
  return Number(found[1]);
}

const TICK_MS = 10;

function cpu_ms(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** What the process holds by itself, and its share of what it shares. */
function pss_mb(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))![1]) / 1024;
}
