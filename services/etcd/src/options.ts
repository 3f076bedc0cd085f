import type { FlagSpecs } from "@flotilla/process";
import type { TokenSpec } from "./auth/provider.ts";

const accepted = (help: string) => ({ type: "string", default: "", help: `Accepted for compatibility: ${help}` }) as const;

/** Flags of etcd for which there is nothing to do here; each says why. */
const ACCEPTED = {
  "initial-election-tick-advance": { type: "bool", default: true, help: "Accepted for compatibility: members elect as soon as they meet." },
  "max-snapshots": { type: "int", default: 5, help: "Accepted for compatibility: the two newest snapshots are kept." },
  "max-wals": { type: "int", default: 5, help: "Accepted for compatibility: segments of the log go when a snapshot covers them." },
  "backend-batch-interval": accepted("there is no database file."),
  "backend-batch-limit": accepted("there is no database file."),
  "experimental-backend-bbolt-freelist-type": accepted("there is no database file."),
  "experimental-compaction-batch-limit": accepted("compaction is spread over time as the load allows."),
  "experimental-warning-apply-duration": accepted("see etcd_disk_backend_commit_duration_seconds."),
  "enable-v2": { type: "bool", default: false, help: "Accepted for compatibility: there is no v2 API." },
  metrics: { type: "string", default: "basic", help: "Accepted for compatibility: 'basic' and 'extensive' show the same." },
  "log-outputs": accepted("the log goes to the standard error stream."),
} as const satisfies FlagSpecs;

/** Flags under etcd's names, with its defaults. Times of --heartbeat-interval and --election-timeout are milliseconds. */
export const FLAGS = {
  name: { type: "string", default: "default", help: "Human-readable name for this member." },
  "data-dir": { type: "string", help: "Path to the data directory (default NAME.etcd)." },
  "wal-dir": { type: "string", default: "", help: "Path to the dedicated wal directory." },
  "listen-client-urls": { type: "list", default: ["http://localhost:2379"], help: "List of URLs to listen on for client traffic." },
  "advertise-client-urls": { type: "list", default: [], help: "List of this member's client URLs to advertise to the public." },
  "listen-peer-urls": { type: "list", default: ["http://localhost:2380"], help: "List of URLs to listen on for peer traffic." },
  "initial-advertise-peer-urls": {
    type: "list",
    default: [],
    help: "List of this member's peer URLs to advertise to the rest of the cluster.",
  },
  "listen-metrics-urls": { type: "list", default: [], help: "List of URLs to listen on for the metrics and health endpoints." },
  "initial-cluster": { type: "string", default: "", help: "Initial cluster configuration for bootstrapping." },
  "initial-cluster-state": { type: "string", default: "new", help: "Initial cluster state ('new' or 'existing')." },
  "initial-cluster-token": {
    type: "string",
    default: "etcd-cluster",
    help: "Initial cluster token for the etcd cluster during bootstrap.",
  },
  "heartbeat-interval": { type: "int", default: 100, help: "Time (in milliseconds) of a heartbeat interval." },
  "election-timeout": { type: "int", default: 1000, help: "Time (in milliseconds) for an election to timeout." },
  "snapshot-count": { type: "int", default: 100_000, help: "Number of committed transactions to trigger a snapshot to disk." },
  "quota-backend-bytes": { type: "int", default: 0, help: "Raise alarms when backend size exceeds the given quota (0 defaults to 2 GiB)." },
  "max-txn-ops": { type: "int", default: 128, help: "Maximum number of operations permitted in a transaction." },
  "max-request-bytes": { type: "int", default: 1_572_864, help: "Maximum client request size in bytes the server will accept." },
  "auto-compaction-mode": { type: "string", default: "periodic", help: "Interpret 'auto-compaction-retention' one of: periodic|revision." },
  "auto-compaction-retention": { type: "string", default: "0", help: "Auto compaction retention. 0 means disable auto compaction." },
  "experimental-lease-reads": {
    type: "bool",
    default: false,
    help: "Leaders answer linearizable reads by lease, without asking the others: for all members or none, and clocks must agree.",
  },
  "auth-token": { type: "string", default: "simple", help: "Specify auth token type and its options ('simple' or 'jwt')." },
  "auth-token-ttl": { type: "int", default: 300, help: "Time (in seconds) of the auth-token-ttl." },
  "bcrypt-cost": { type: "int", default: 10, help: "Cost of hashing passwords, 4 to 31: scrypt of the same cost is used for it." },
  "cert-file": { type: "string", default: "", help: "Path to the client server TLS cert file." },
  "key-file": { type: "string", default: "", help: "Path to the client server TLS key file." },
  "trusted-ca-file": { type: "string", default: "", help: "Path to the client server TLS trusted CA cert file." },
  "client-cert-auth": { type: "bool", default: false, help: "Enable client cert authentication." },
  "peer-cert-file": { type: "string", default: "", help: "Path to the peer server TLS cert file." },
  "peer-key-file": { type: "string", default: "", help: "Path to the peer server TLS key file." },
  "peer-trusted-ca-file": { type: "string", default: "", help: "Path to the peer server TLS trusted CA file." },
  "peer-client-cert-auth": { type: "bool", default: false, help: "Enable peer client cert authentication." },
  "strict-reconfig-check": { type: "bool", default: true, help: "Accepted for compatibility; the check is always on." },
  "pre-vote": { type: "bool", default: true, help: "Accepted for compatibility; pre-vote is always on." },
  "experimental-initial-corrupt-check": { type: "bool", default: false, help: "Accepted for compatibility." },
  "experimental-watch-progress-notify-interval": {
    type: "duration",
    default: 600_000,
    help: "Duration of periodic watch progress notifications.",
  },
  "experimental-fault-injection": {
    type: "bool",
    default: false,
    help: "Serve flotilla.control.v1.Faults on the peer URLs: slow or failing disk, bad network, wrong clock. For tests.",
  },
  "log-level": { type: "string", default: "info", help: "Accepted for compatibility; see -v." },
  logger: { type: "string", default: "zap", help: "Accepted for compatibility." },
  ...ACCEPTED,
} as const satisfies FlagSpecs;

export interface EtcdConfig {
  readonly name: string;
  readonly dataDir: string;
  /** Empty: in the data directory. */
  readonly walDir: string;
  readonly listenClientUrls: readonly string[];
  readonly advertiseClientUrls: readonly string[];
  readonly listenPeerUrls: readonly string[];
  readonly advertisePeerUrls: readonly string[];
  readonly listenMetricsUrls: readonly string[];
  readonly initialCluster: string;
  readonly initialClusterState: "new" | "existing";
  readonly initialClusterToken: string;
  readonly heartbeat_ms: number;
  readonly election_ms: number;
  readonly snapshotCount: number;
  readonly quota_bytes: number;
  readonly txnOps_max: number;
  readonly request_bytes_max: number;
  readonly compaction: { mode: "periodic"; retention_ms: number } | { mode: "revision"; revisions: number } | undefined;
  readonly progressNotify_ms: number;
  /** Leaders read by lease instead of asking a majority. */
  readonly leaseReads: boolean;
  readonly authToken: TokenSpec;
  /** Of simple tokens, after their last use. */
  readonly authTokenTtl_s: number;
  readonly passwordCost: number;
  /** A client is who its certificate says it is, where it brings no token. */
  readonly clientCertAuth: boolean;
  readonly clientTls: TlsFiles | undefined;
  readonly peerTls: TlsFiles | undefined;
  readonly faultInjection: boolean;
}

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string | undefined;
  readonly clientAuth: boolean;
}
