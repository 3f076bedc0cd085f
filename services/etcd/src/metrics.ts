import type { Replica } from "./node/replica.ts";
import { SERVER_VERSION } from "./version.ts";

const SYNC_BUCKETS_S = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024];

/** A histogram with fixed bounds, in seconds. */
export class Histogram {
  private readonly counts = SYNC_BUCKETS_S.map(() => 0);
  private count = 0;
  private sum = 0;

  observe(seconds: number): void {
    this.count++;
    this.sum += seconds;
    const at = SYNC_BUCKETS_S.findIndex((bound) => seconds <= bound);
    if (at >= 0) this.counts[at]!++;
  }

  text(name: string, help: string): string {
    let total = 0;
    const buckets = SYNC_BUCKETS_S.map((bound, i) => `${name}_bucket{le="${bound}"} ${(total += this.counts[i]!)}`);
    return [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} histogram`,
      ...buckets,
      `${name}_bucket{le="+Inf"} ${this.count}`,
      `${name}_sum ${this.sum}`,
      `${name}_count ${this.count}`,
    ].join("\n");
  }
}

export interface Metrics {
  readonly sync: Histogram;
  leaderChanges: number;
  text(replica: Replica): string;
}

/** Prometheus text under etcd's metric names. */
export function createMetrics(): Metrics {
  const metrics: Metrics = {
    sync: new Histogram(),
    leaderChanges: 0,
    text(replica) {
      const { node, machine, proposals } = replica;
      const { store } = machine;
      const memory = process.memoryUsage();
      const lines = [
        gauge("etcd_server_has_leader", "Whether or not a leader exists. 1 is existence, 0 is not.", node.leader === 0 ? 0 : 1),
        gauge("etcd_server_is_leader", "Whether or not this member is a leader. 1 if is, 0 otherwise.", node.role === "leader" ? 1 : 0),
        counter("etcd_server_leader_changes_seen_total", "The number of leader changes seen.", metrics.leaderChanges),
        gauge("etcd_server_proposals_committed_total", "The total number of consensus proposals committed.", node.log.committed),
        gauge("etcd_server_proposals_applied_total", "The total number of consensus proposals applied.", machine.applied),
        gauge("etcd_server_proposals_pending", "The current number of pending proposals to commit.", proposals.size),
        gauge("etcd_mvcc_db_total_size_in_bytes", "Total size of the underlying database physically allocated in bytes.", store.bytes),
        gauge("etcd_mvcc_db_total_size_in_use_in_bytes", "Total size of the underlying database logically in use in bytes.", store.bytes),
        gauge("etcd_debugging_mvcc_keys_total", "Total number of keys.", store.keys),
        gauge("etcd_debugging_mvcc_current_revision", "The current revision of store.", store.revision),
        gauge("etcd_debugging_mvcc_compact_revision", "The revision of the last compaction in store.", store.compacted),
        gauge("etcd_debugging_mvcc_watcher_total", "Total number of watchers.", machine.watch.size),
        gauge("etcd_debugging_mvcc_slow_watcher_total", "Total number of unsynced slow watchers.", machine.watch.lagging),
        metrics.sync.text("etcd_disk_wal_fsync_duration_seconds", "The latency distributions of fsync called by WAL."),
        gauge("process_resident_memory_bytes", "Resident memory size in bytes.", memory.rss),
        gauge("nodejs_heap_size_total_bytes", "Process heap size from Node.js in bytes.", memory.heapTotal),
        gauge("nodejs_heap_size_used_bytes", "Process heap size used from Node.js in bytes.", memory.heapUsed),
        gauge("nodejs_external_memory_bytes", "Node.js external memory size in bytes.", memory.external),
        `# TYPE etcd_server_version gauge\netcd_server_version{server_version="${SERVER_VERSION}"} 1`,
      ];
      return `${lines.join("\n")}\n`;
    },
  };
  return metrics;
}

const gauge = (name: string, help: string, value: number) => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}`;
const counter = (name: string, help: string, value: number) => `# HELP ${name} ${help}\n# TYPE ${name} counter\n${name} ${value}`;
