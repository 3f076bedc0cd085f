import { FlagError, type Flags, parseDuration } from "@flotilla/process/flags.ts";
import { parseTokenSpec } from "./auth/provider.ts";
import type { EtcdConfig, FLAGS, TlsFiles } from "./options.ts";

const DEFAULT_QUOTA_BYTES = 2 * 2 ** 30;

/** Checks what the flags mean together. @throws FlagError that says which flag to change. */
export function configOf(f: Flags<typeof FLAGS>): EtcdConfig {
  const advertisePeerUrls = f["initial-advertise-peer-urls"].length > 0 ? f["initial-advertise-peer-urls"] : ["http://localhost:2380"];
  const state = f["initial-cluster-state"];
  if (state !== "new" && state !== "existing") throw new FlagError(`--initial-cluster-state must be "new" or "existing", not "${state}"`);
  if (f["election-timeout"] < 5 * f["heartbeat-interval"]) {
    throw new FlagError(
      `--election-timeout[${f["election-timeout"]}ms] should be at least as 5 times as --heartbeat-interval[${f["heartbeat-interval"]}ms]`,
    );
  }
  const urls = [...f["listen-client-urls"], ...f["listen-peer-urls"], ...f["listen-metrics-urls"]];
  for (const url of urls)
    if (!/^https?:\/\/.+:\d+$/.test(url)) throw new FlagError(`"${url}" is not a URL to listen on, such as http://127.0.0.1:2379`);
  return {
    name: f.name,
    dataDir: f["data-dir"] ?? `${f.name}.etcd`,
    walDir: f["wal-dir"],
    listenClientUrls: f["listen-client-urls"],
    advertiseClientUrls: f["advertise-client-urls"].length > 0 ? f["advertise-client-urls"] : f["listen-client-urls"],
    listenPeerUrls: f["listen-peer-urls"],
    advertisePeerUrls,
    listenMetricsUrls: f["listen-metrics-urls"],
    initialCluster: f["initial-cluster"] || advertisePeerUrls.map((url) => `${f.name}=${url}`).join(","),
    initialClusterState: state,
    initialClusterToken: f["initial-cluster-token"],
    heartbeat_ms: f["heartbeat-interval"],
    election_ms: f["election-timeout"],
    snapshotCount: f["snapshot-count"],
    quota_bytes: f["quota-backend-bytes"] === 0 ? DEFAULT_QUOTA_BYTES : f["quota-backend-bytes"],
    txnOps_max: f["max-txn-ops"],
    request_bytes_max: f["max-request-bytes"],
    compaction: compactionOf(f["auto-compaction-mode"], f["auto-compaction-retention"]),
    progressNotify_ms: f["experimental-watch-progress-notify-interval"],
    leaseReads: f["experimental-lease-reads"],
    authToken: parseTokenSpec(f["auth-token"]),
    authTokenTtl_s: f["auth-token-ttl"],
    passwordCost: costOf(f["bcrypt-cost"]),
    clientCertAuth: f["client-cert-auth"],
    clientTls: tlsOf("", f["cert-file"], f["key-file"], f["trusted-ca-file"], f["client-cert-auth"]),
    peerTls: tlsOf("peer-", f["peer-cert-file"], f["peer-key-file"], f["peer-trusted-ca-file"], f["peer-client-cert-auth"]),
    faultInjection: f["experimental-fault-injection"],
  };
}

/** Beyond 20 one hash would take a minute and gigabytes. */
function costOf(cost: number): number {
  if (cost < 4 || cost > 31) throw new FlagError(`--bcrypt-cost must be from 4 to 31, not ${cost}`);
  return Math.min(cost, 20);
}

function tlsOf(prefix: string, cert: string, key: string, ca: string, clientAuth: boolean): TlsFiles | undefined {
  if (!cert && !key) {
    if (clientAuth) throw new FlagError(`--${prefix}client-cert-auth needs --${prefix}cert-file and --${prefix}key-file`);
    return undefined;
  }
  if (!cert || !key) throw new FlagError(`--${prefix}cert-file and --${prefix}key-file must both be given`);
  if (clientAuth && !ca) throw new FlagError(`--${prefix}client-cert-auth needs --${prefix}trusted-ca-file`);
  return { cert, key, ca: ca || undefined, clientAuth: clientAuth || ca !== "" };
}

/** Retention as etcd reads it: a duration or hours for periodic, a count for revision. */
function compactionOf(mode: string, retention: string): EtcdConfig["compaction"] {
  if (mode !== "periodic" && mode !== "revision")
    throw new FlagError(`--auto-compaction-mode must be "periodic" or "revision", not "${mode}"`);
  const plain = /^\d+$/.test(retention) ? Number(retention) : undefined;
  if (plain === 0) return undefined;
  if (mode === "revision") {
    if (plain === undefined) throw new FlagError(`--auto-compaction-retention must be a number of revisions, not "${retention}"`);
    return { mode, revisions: plain };
  }
  const retention_ms = plain !== undefined ? plain * 3_600_000 : parseDuration(retention);
  if (retention_ms === undefined) throw new FlagError(`--auto-compaction-retention must be hours or a duration, not "${retention}"`);
  return { mode, retention_ms };
}
