// From `flotilla up` to six nodes Ready and cluster DNS answering, and the memory of all processes.
import { readdirSync, readFileSync } from "node:fs";
import { TestCluster } from "../support/cluster.ts";
import { median, round, timed_s } from "./measure.ts";

export default async function boot(args: string[]): Promise<Record<string, unknown>> {
  const runs = Number(args[0] ?? 3);
  const boot_s: number[] = [];
  const memory_mb: number[] = [];
  let processes = 0;
  for (let i = 0; i < runs; i++) {
    const cluster = new TestCluster(`bench-boot${i}`);
    try {
      boot_s.push(await timed_s(() => cluster.flotilla(["up"])));
      await new Promise((resolve) => setTimeout(resolve, 5000));
      const used = clusterMemory(cluster.home);
      memory_mb.push(used.mb);
      processes = used.processes;
    } finally {
      await cluster.destroy();
    }
  }
  return {
    runs,
    boot_s: round(median(boot_s)),
    boot_s_all: boot_s.map((s) => round(s)),
    goal_s: 8,
    processes,
    memory_mb: round(median(memory_mb), 0),
    goal_mb: 2200,
  };
}

/** Proportional set size of every process whose command line names the cluster's folder: shared pages count once. */
function clusterMemory(home: string): { mb: number; processes: number } {
  let kb = 0;
  let processes = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(home)) continue;
      kb += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
      processes++;
    } catch {
      // The process ended while we looked.
    }
  }
  return { mb: kb / 1024, processes };
}
