// What the API benchmarks share: load for a while, figures of it, the server's own processor time and memory.
import { readFileSync } from "node:fs";
import { percentile, round } from "./measure.ts";

/** Process times tick a hundred times a second. */
const TICK_MS = 10;

/** User and system time of the processes together. */
export function cpu_ms(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * TICK_MS;
}

export const memory_mb = (pid: number): number => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;

export interface Load {
  workers: number;
  seconds: number;
  /** Stop after this many, when it comes first. */
  calls?: number;
  /** Whose processor time is counted. */
  pids: readonly number[];
}

export interface Measured {
  count: number;
  cpu_ms: number;
  took_ms: number[];
  seconds: number;
}

/** `workers` in parallel until the time or the number of calls is used up. */
export async function load(call: (n: number) => Promise<unknown>, options: Load): Promise<Measured> {
  const { workers, seconds, calls = Number.POSITIVE_INFINITY, pids } = options;
  const cpuBefore_ms = cpu_ms(pids);
  const started = performance.now();
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
  return { count: next, took_ms, seconds: (performance.now() - started) / 1000, cpu_ms: cpu_ms(pids) - cpuBefore_ms };
}

/** cpu_ms: the server's own, per request; it holds on a busy machine too. */
export function figures({ took_ms, seconds, cpu_ms }: Measured): Record<string, number> {
  return {
    per_s: round(took_ms.length / seconds, 0),
    p50_ms: round(percentile(took_ms, 0.5)),
    p99_ms: round(percentile(took_ms, 0.99)),
    cpu_ms: round(cpu_ms / took_ms.length, 3),
  };
}
