import type { ContainerStats } from "@flotilla/rpc/gen/cri/v1/api.ts";
import { nanos } from "../time.ts";
import type { Containers } from "./containers.ts";
import type { ProcessContext } from "./context.ts";
import { readStat } from "./proc.ts";
import type { ContainerRecord } from "./state.ts";

const NS_PER_TICK = 1e9 / 100; // USER_HZ is 100 on every Linux that Node runs on
const PAGE_BYTES = 4096;

/** From the container's cgroup, or where there is none from its main process alone. */
export function containerStats(context: ProcessContext, containers: Containers, record: ContainerRecord): ContainerStats {
  const timestamp = nanos(context.clock.now());
  const usage =
    containers.refresh(record).phase.kind === "running" ? (context.cgroups.usage(record.cgroups) ?? mainUsage(record)) : undefined;
  return {
    attributes: { id: record.id, metadata: record.config.metadata, labels: record.config.labels, annotations: record.config.annotations },
    cpu: { timestamp, usageCoreNanoSeconds: { value: usage?.cpu_ns ?? 0 } },
    memory: { timestamp, workingSetBytes: { value: usage?.memory_bytes ?? 0 } },
    writableLayer: { timestamp, fsId: { mountpoint: context.rootDir }, usedBytes: { value: 0 }, inodesUsed: { value: 0 } },
  };
}

function mainUsage(record: ContainerRecord) {
  const stat = record.phase.kind === "running" ? readStat(record.phase.main.pid) : undefined;
  return stat && { cpu_ns: stat.cpu_ticks * NS_PER_TICK, memory_bytes: stat.rss_pages * PAGE_BYTES };
}
