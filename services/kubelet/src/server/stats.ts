import { sleep } from "@flotilla/base";
import type * as cri from "@flotilla/rpc/gen/cri/v1/api.ts";
import type { StatsReply } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import { LABEL } from "../cri/labels.ts";
import type { Kit } from "../worker/kit.ts";

/** CPU use is a difference: the two samples lie at least this far apart. */
const SAMPLE_MS = 250;
/** A sample older than this says nothing about now. */
const SAMPLE_MAX_MS = 60_000;

interface Sample {
  at_ms: number;
  cpu_ns: Map<string, number>;
}

/** What the pods of this node use, from the runtime's counters. */
export class StatsSource {
  private readonly kit: Kit;
  private last: Sample | undefined;

  constructor(kit: Kit) {
    this.kit = kit;
  }

  async read(): Promise<StatsReply> {
    const { clock, runtime } = this.kit;
    const age_ms = this.last ? clock.monotonic() - this.last.at_ms : Number.POSITIVE_INFINITY;
    if (age_ms > SAMPLE_MAX_MS) {
      this.last = this.sample(await runtime.listContainerStats());
      await sleep(clock, SAMPLE_MS);
    } else if (age_ms < SAMPLE_MS) await sleep(clock, SAMPLE_MS - age_ms);
    const stats = await runtime.listContainerStats();
    const before = this.last!;
    this.last = this.sample(stats);
    return usage(stats, before, this.last);
  }

  private sample(stats: readonly cri.ContainerStats[]): Sample {
    const cpu_ns = new Map(stats.map((s) => [s.attributes?.id ?? "", Number(s.cpu?.usageCoreNanoSeconds?.value ?? 0)]));
    return { at_ms: this.kit.clock.monotonic(), cpu_ns };
  }
}

/** Pure. */
export function usage(stats: readonly cri.ContainerStats[], before: Sample, now: Sample): StatsReply {
  const seconds = Math.max(0.001, (now.at_ms - before.at_ms) / 1000);
  const containers = stats.flatMap((s) => {
    const id = s.attributes?.id ?? "";
    const labels = s.attributes?.labels ?? {};
    if (!labels[LABEL.podUid]) return [];
    const used_ns = (now.cpu_ns.get(id) ?? 0) - (before.cpu_ns.get(id) ?? now.cpu_ns.get(id) ?? 0);
    return [
      {
        namespace: labels[LABEL.podNamespace] ?? "",
        pod: labels[LABEL.podName] ?? "",
        container: labels[LABEL.containerName] ?? s.attributes?.metadata?.name ?? "",
        cpuUsageNanoCores: Math.max(0, Math.round(used_ns / seconds)),
        memoryWorkingSetBytes: Number(s.memory?.workingSetBytes?.value ?? 0),
      },
    ];
  });
  const sum = (of: (c: (typeof containers)[number]) => number) => containers.reduce((total, c) => total + of(c), 0);
  return {
    containers,
    windowMs: Math.round(seconds * 1000),
    nodeCpuUsageNanoCores: sum((c) => c.cpuUsageNanoCores),
    nodeMemoryWorkingSetBytes: sum((c) => c.memoryWorkingSetBytes),
  };
}
