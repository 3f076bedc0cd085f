import { createServer } from "node:http";
import { randomInt } from "@flotilla/base";
import type { BasePorts, Component } from "@flotilla/process/main.ts";
import { type Message, RawNode } from "@flotilla/raft";
import { proposeChange, serveCluster } from "./api/cluster.ts";
import type { ApiContext } from "./api/context.ts";
import { serveKv } from "./api/kv.ts";
import { serveLease } from "./api/lease.ts";
import { serveMaintenance } from "./api/maintenance.ts";
import { serveWatch } from "./api/watch.ts";
import { autoCompact } from "./auto-compaction.ts";
import { prepareStart } from "./bootstrap.ts";
import { HeaderWriter } from "./codec/kv-responses.ts";
import { noFaults, withFaults } from "./faults/inject.ts";
import { Listener } from "./grpc/listener.ts";
import { Router } from "./grpc/server.ts";
import { httpApi } from "./http.ts";
import { createMetrics } from "./metrics.ts";
import { Replica, tickOf } from "./node/replica.ts";
import { Snapshots } from "./node/snapshots.ts";
import type { EtcdConfig, TlsFiles } from "./options.ts";
import { Peers } from "./peer/peers.ts";
import { servePeers } from "./peer/service.ts";
import { type Disk, nodeDisk } from "./storage/disk.ts";
import { clientTls, serverTls } from "./tls.ts";

export interface EtcdPorts extends BasePorts {
  readonly disk?: Disk;
  /** The member cannot go on: its disk failed, or it was removed from the cluster. */
  readonly exit: (reason: string, error?: Error) => void;
}

/** gRPC's own overhead on top of the request limit, as etcd adds it. */
const GRPC_OVERHEAD_BYTES = 512 << 10;
const PEER_MESSAGE_BYTES_MAX = 256 << 20;
const REMOVED_GRACE_MS = 1000;
const defer = (fn: () => void) => void setImmediate(fn);

/** One member of the store: wired, started, listening. */
export async function createEtcd(ports: EtcdPorts, config: EtcdConfig): Promise<Component & { readonly replica: Replica }> {
  const { random, log } = ports;
  const injection = (config.faultInjection ? withFaults : noFaults)({ ...ports, disk: ports.disk ?? nodeDisk() });
  const { clock, disk } = injection;
  const peerTls = clientTls(config.peerTls, log);
  // etcd's shortest lease: one and a half election time-outs, in whole seconds.
  const ttl_s_min = Math.ceil((config.election_ms * 1.5) / 1000);
  const onDiskFailure = (error: Error) => ports.exit("the write-ahead log cannot be written", error);
  const start = await prepareStart(config, { disk, log, random, peerTls, onDiskFailure }, ttl_s_min);
  const { self, clusterId, machine, wal, files } = start;
  const memberId = String(self);

  const tick_ms = tickOf(config.heartbeat_ms);
  const node = new RawNode({
    id: self,
    random,
    snapshot: start.snapshot,
    hardState: start.hardState,
    entries: start.entries,
    election_ticks: Math.round(config.election_ms / tick_ms),
    heartbeat_ticks: Math.max(1, Math.round(config.heartbeat_ms / tick_ms)),
  });
  const nameOf = (id: number) => machine.members.get(id)?.name;
  const peers = injection.transport(new Peers({ self, clusterId, clock, log, tls: peerTls }), nameOf);
  const boot = randomInt(random, 2 ** 20);
  const replica = new Replica({ clock, random, log, node, wal, peers, machine, defer }, boot, config.election_ms, tick_ms);
  const metrics = createMetrics();
  wal.onSync = () => {
    const from = clock.monotonic();
    return () => metrics.sync.observe((clock.monotonic() - from) / 1000);
  };
  const snapshots = new Snapshots({
    replica,
    files,
    peers,
    log,
    clusterId,
    snapshotCount: config.snapshotCount,
    ttl_s_min,
    purgeWal: (index) => wal.purge(index),
    defer,
    from: start.snapshot.index,
  });
  replica.events = {
    sendSnapshot: (message) => snapshots.send(message),
    takeInstalled: (index) => snapshots.takeInstalled(index),
    applied: () => snapshots.applied(),
    leaderChanged: (leader) => {
      if (leader !== 0) metrics.leaderChanges++;
    },
    removed: () => void clock.setTimeout(() => ports.exit("the member has been permanently removed from the cluster"), REMOVED_GRACE_MS),
  };

  const context: ApiContext = {
    replica,
    peers,
    clock,
    random,
    clusterId,
    memberId,
    header: new HeaderWriter(clusterId, memberId),
    limits: { request_bytes_max: config.request_bytes_max, txnOps_max: config.txnOps_max, quota_bytes: config.quota_bytes },
  };
  const clientRouter = new Router(config.request_bytes_max + GRPC_OVERHEAD_BYTES);
  serveKv(clientRouter, context);
  const watch = serveWatch(clientRouter, context, config.progressNotify_ms);
  const lease = serveLease(clientRouter, context);
  serveCluster(clientRouter, context);
  serveMaintenance(clientRouter, context);
  const peerRouter = new Router(PEER_MESSAGE_BYTES_MAX);
  injection.serve(peerRouter);
  const step = (messages: readonly Message[]) => {
    try {
      replica.step(messages);
    } catch (error) {
      ports.exit("the member's log does not agree with its cluster: was its data directory changed or lost?", error as Error);
    }
  };
  servePeers(peerRouter, {
    replica,
    clusterId,
    heardFrom: (member) => peers.heardFrom(member),
    receive: (from, messages) => injection.receive(from, messages, step),
    hears: (member) => injection.hears(member),
    receiveSnapshot: (call) => snapshots.receive(call),
    now_ms: () => clock.monotonic(),
    changeMembers: async (entry) => proposeChange(replica, JSON.parse(entry.toString())),
  });

  const http = httpApi(
    replica,
    () => metrics.text(replica),
    (fn, ms) => clock.setTimeout(fn, ms),
  );
  const listeners: { close(): Promise<void> }[] = [];
  const listen = async (url: string, router: Router, tls: TlsFiles | undefined) => {
    const listener = new Listener(router, http, serverTls(url, tls, log));
    const { host, port } = addressOf(url);
    await listener.listen(port, host);
    listeners.push(listener);
  };
  for (const url of config.listenPeerUrls) await listen(url, peerRouter, config.peerTls);
  peers.sync(start.peers);
  replica.start();
  for (const url of config.listenClientUrls) await listen(url, clientRouter, config.clientTls);
  for (const url of config.listenMetricsUrls) {
    const server = createServer(http);
    const { host, port } = addressOf(url);
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
    listeners.push({ close: async () => void server.close() });
  }
  const compaction = autoCompact(config.compaction, replica, clock);
  publish(replica, self, config);
  log.info("ready to serve client requests", { name: config.name, memberId, clusterId, clientUrls: config.listenClientUrls });

  return {
    replica,
    async stop() {
      compaction.cancel();
      watch.stop();
      lease.stop();
      await handOver(replica, clock);
      replica.stop();
      peers.close();
      await Promise.all(listeners.map((l) => l.close()));
      await wal.close();
    },
  };
}

/** Tells the cluster this member's name and client URLs; again until it is heard. */
function publish(replica: Replica, id: number, { name, advertiseClientUrls: clientURLs }: EtcdConfig): void {
  replica.propose("publish", Buffer.from(JSON.stringify({ id, name, clientURLs })), undefined, (result) => {
    if (!(result instanceof Error) || result.message.includes("stopped")) return;
    publish(replica, id, { name, advertiseClientUrls: clientURLs } as EtcdConfig);
  });
}

const HAND_OVER_MS = 300;
const HAND_OVER_POLL_MS = 5;

/** A leader that stops in order leaves no gap: it passes its leadership on first. */
async function handOver(replica: Replica, clock: BasePorts["clock"]): Promise<void> {
  if (!replica.isLeader || !replica.node.progress) return;
  const best = [...replica.node.progress]
    .filter(([id, p]) => id !== replica.leaderId && p.recentlyActive && replica.node.conf.voters.includes(id))
    .sort((a, b) => b[1].match - a[1].match)[0];
  if (!best || !replica.node.transferLeader(best[0])) return;
  replica.schedule();
  for (let waited = 0; waited < HAND_OVER_MS && replica.isLeader; waited += HAND_OVER_POLL_MS) {
    await new Promise<void>((resolve) => void clock.setTimeout(resolve, HAND_OVER_POLL_MS));
  }
}

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
}
