import { readdirSync } from "node:fs";
import type { CallStats } from "./grpc/stats.ts";
import { callMetrics } from "./metrics/calls.ts";
import { peerMetrics } from "./metrics/peers.ts";
import { counter, exponential, gauge, Histogram } from "./metrics/text.ts";
import type { Replica } from "./node/replica.ts";
import type { Traffic } from "./peer/traffic.ts";
import { CLUSTER_VERSION, SERVER_VERSION } from "./version.ts";

/** etcd's bounds: a millisecond and its doublings. */
const DISK_BUCKETS_S = exponential(0.001, 2, 14);

export interface MetricsOptions {
  readonly replica: Replica;
  readonly self: number;
  readonly quota_bytes: number;
  /** Calls of clients, by method. */
  readonly calls: ReadonlyMap<string, CallStats>;
  readonly peers: () => readonly (readonly [number, Traffic])[];
  /** Unix time of the process's start, in seconds. */
  readonly started_s: number;
}

/** What the member counts on its way; the rest is read where it is when somebody asks. */
export class Metrics {
  readonly sync = new Histogram(DISK_BUCKETS_S);
  readonly apply = new Histogram(DISK_BUCKETS_S);
  leaderChanges = 0;
  healthSuccess = 0;
  healthFailures = 0;
  private readonly received = new Map<number, number>();

  receivedFrom(member: number, bytes: number): void {
    this.received.set(member, (this.received.get(member) ?? 0) + bytes);
  }

  /** Prometheus text under etcd's metric names. */
  text(options: MetricsOptions): string {
    const { replica } = options;
    return `${[
      ...this.server(options),
      ...storeMetrics(replica),
      ...leaseMetrics(replica),
      this.sync.text("etcd_disk_wal_fsync_duration_seconds", "The latency distributions of fsync called by WAL."),
      // The store has no database file: what is committed goes into memory, and the log is its disk.
      this.apply.text("etcd_disk_backend_commit_duration_seconds", "The latency distributions of taking committed entries into the store."),
      ...peerMetrics(options.peers(), this.received),
      ...callMetrics(options.calls),
      ...processMetrics(options.started_s),
    ].join("\n")}\n`;
  }

  private server({ replica, self, quota_bytes }: MetricsOptions): string[] {
    const { node, machine, proposals } = replica;
    const { auth } = machine;
    return [
      gauge("etcd_server_has_leader", "Whether or not a leader exists. 1 is existence, 0 is not.", node.leader === 0 ? 0 : 1),
      gauge("etcd_server_is_leader", "Whether or not this member is a leader. 1 if is, 0 otherwise.", node.role === "leader" ? 1 : 0),
      gauge(
        "etcd_server_is_learner",
        "Whether or not this member is a learner. 1 if is, 0 otherwise.",
        machine.members.get(self)?.isLearner ? 1 : 0,
      ),
      counter("etcd_server_leader_changes_seen_total", "The number of leader changes seen.", this.leaderChanges),
      gauge("etcd_server_proposals_committed_total", "The total number of consensus proposals committed.", node.log.committed),
      gauge("etcd_server_proposals_applied_total", "The total number of consensus proposals applied.", machine.applied),
      gauge("etcd_server_proposals_pending", "The current number of pending proposals to commit.", proposals.size),
      counter("etcd_server_proposals_failed_total", "The total number of failed proposals seen.", proposals.failed),
      gauge("etcd_server_quota_backend_bytes", "Current backend storage quota size in bytes.", quota_bytes),
      counter("etcd_server_health_success", "The total number of successful health checks", this.healthSuccess),
      counter("etcd_server_health_failures", "The total number of failed health checks", this.healthFailures),
      gauge("etcd_server_id", "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.", [
        [{ server_id: self.toString(16) }, 1],
      ]),
      gauge("etcd_server_version", "Which version is running. 1 for 'server_version' label with current version.", [
        [{ server_version: SERVER_VERSION }, 1],
      ]),
      gauge("etcd_cluster_version", "Which version is running. 1 for 'cluster_version' label with current cluster version", [
        [{ cluster_version: CLUSTER_VERSION.replace(/\.0$/, "") }, 1],
      ]),
      gauge("etcd_debugging_auth_revision", "The current revision of auth store.", auth.revision),
    ];
  }
}

function storeMetrics({ machine }: Replica): string[] {
  const { store, watch, counts } = machine;
  return [
    gauge("etcd_mvcc_db_total_size_in_bytes", "Total size of the underlying database physically allocated in bytes.", store.bytes),
    gauge("etcd_mvcc_db_total_size_in_use_in_bytes", "Total size of the underlying database logically in use in bytes.", store.bytes),
    counter("etcd_mvcc_put_total", "Total number of puts seen by this member.", counts.puts),
    counter("etcd_mvcc_range_total", "Total number of ranges seen by this member.", counts.ranges),
    counter("etcd_mvcc_delete_total", "Total number of deletes seen by this member.", counts.deletes),
    counter("etcd_mvcc_txn_total", "Total number of txns seen by this member.", counts.txns),
    gauge("etcd_debugging_mvcc_keys_total", "Total number of keys.", store.keys),
    gauge("etcd_debugging_mvcc_current_revision", "The current revision of store.", store.revision),
    gauge("etcd_debugging_mvcc_compact_revision", "The revision of the last compaction in store.", store.compacted),
    gauge("etcd_debugging_mvcc_watcher_total", "Total number of watchers.", watch.size),
    gauge("etcd_debugging_mvcc_slow_watcher_total", "Total number of unsynced slow watchers.", watch.lagging),
  ];
}

function leaseMetrics({ machine }: Replica): string[] {
  const { counts } = machine;
  return [
    counter("etcd_debugging_lease_granted_total", "The total number of granted leases.", counts.granted),
    counter("etcd_debugging_lease_revoked_total", "The total number of revoked leases.", counts.revoked + counts.expired),
    counter("etcd_debugging_server_lease_expired_total", "The total number of expired leases.", counts.expired),
  ];
}

function processMetrics(started_s: number): string[] {
  const memory = process.memoryUsage();
  const cpu = process.cpuUsage();
  const lines = [
    counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", (cpu.user + cpu.system) / 1e6),
    gauge("process_resident_memory_bytes", "Resident memory size in bytes.", memory.rss),
    gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", started_s),
    gauge("nodejs_heap_size_total_bytes", "Process heap size from Node.js in bytes.", memory.heapTotal),
    gauge("nodejs_heap_size_used_bytes", "Process heap size used from Node.js in bytes.", memory.heapUsed),
    gauge("nodejs_external_memory_bytes", "Node.js external memory size in bytes.", memory.external),
  ];
  const open = openFiles();
  return open === undefined ? lines : [...lines, gauge("process_open_fds", "Number of open file descriptors.", open)];
}

/** Where the system shows them. */
function openFiles(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return undefined;
  }
}
