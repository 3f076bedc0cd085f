import { createServer } from "node:http";
import { join } from "node:path";
import type { BasePorts, Component } from "@flotilla/process/main.ts";
import { prepareStart } from "./bootstrap.ts";
import { noFaults, withFaults } from "./faults/inject.ts";
import { Listener } from "./grpc/listener.ts";
import type { Router } from "./grpc/server.ts";
import { httpApi } from "./http.ts";
import { createMember, shortestLease_s } from "./member.ts";
import { Metrics } from "./metrics.ts";
import type { Replica } from "./node/replica.ts";
import type { EtcdConfig, TlsFiles } from "./options.ts";
import { Peers } from "./peer/peers.ts";
import { type Disk, nodeDisk, walFailure } from "./storage/disk.ts";
import { openSlabFile } from "./storage/slab-file.ts";
import { clientTls, serverTls } from "./tls.ts";

export interface EtcdPorts extends BasePorts {
  readonly disk?: Disk;
  /** The member cannot go on: its disk failed, or it was removed from the cluster. */
  readonly exit: (reason: string, error?: Error) => void;
}

const defer = (fn: () => void) => void setImmediate(fn);

/** One member of the store with its sockets: started, listening. What is behind them: `member.ts`. */
export async function createEtcd(ports: EtcdPorts, config: EtcdConfig): Promise<Component & { readonly replica: Replica }> {
  const { random, log } = ports;
  const injection = (config.faultInjection ? withFaults : noFaults)({ ...ports, disk: ports.disk ?? nodeDisk() });
  const { clock, disk } = injection;
  const peerTls = clientTls(config.peerTls, log);
  const onDiskFailure = (error: Error) => ports.exit(walFailure(error, config.dataDir), error);
  const values = openSlabFile(join(config.dataDir, "member"), log);
  const start = await prepareStart(config, { disk, log, random, clock, peerTls, onDiskFailure, values }, shortestLease_s(config));
  const { self, clusterId, machine, wal } = start;

  const metrics = new Metrics();
  wal.onSync = () => {
    const from = clock.monotonic();
    return () => metrics.sync.observe((clock.monotonic() - from) / 1000);
  };
  const nameOf = (id: number) => machine.members.get(id)?.name;
  const links = new Peers({ self, urls: config.advertisePeerUrls, clusterId, dataId: start.dataId, clock, log, tls: peerTls });
  const peers = injection.transport(links, nameOf);
  const leaderChanged = (leader: number) => {
    if (leader !== 0) metrics.leaderChanges++;
  };
  const received = (from: number, bytes: number) => metrics.receivedFrom(from, bytes);
  const applied = (took_ms: number) => metrics.apply.observe(took_ms / 1000);
  const { receive, hears } = injection;
  const member = createMember(
    { clock, random, log, peers, defer, exit: ports.exit, receive, hears, leaderChanged, applied, received },
    config,
    start,
  );
  const { replica } = member;
  injection.serve(member.peers);

  const measured = {
    replica,
    self,
    quota_bytes: config.quota_bytes,
    calls: member.clients.stats,
    peers: () => links.traffic(),
    started_s: clock.now() / 1000 - process.uptime(),
  };
  const http = httpApi({
    replica,
    metrics: () => metrics.text(measured),
    after: (fn, ms) => clock.setTimeout(fn, ms),
    checked: (healthy) => {
      if (healthy) metrics.healthSuccess++;
      else metrics.healthFailures++;
    },
  });
  const listeners: { close(): Promise<void> }[] = [];
  const listen = async (url: string, router: Router, tls: TlsFiles | undefined) => {
    const listener = new Listener(router, http, serverTls(url, tls, log));
    const { host, port } = addressOf(url);
    await listener.listen(port, host);
    listeners.push(listener);
  };
  for (const url of config.listenPeerUrls) await listen(url, member.peers, config.peerTls);
  member.start();
  for (const url of config.listenClientUrls) await listen(url, member.clients, config.clientTls);
  for (const url of config.listenMetricsUrls) {
    const server = createServer(http);
    const { host, port } = addressOf(url);
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
    listeners.push({ close: async () => void server.close() });
  }
  log.info("ready to serve client requests", { name: config.name, memberId: String(self), clusterId, clientUrls: config.listenClientUrls });

  return {
    replica,
    async stop() {
      await member.stop();
      await Promise.all(listeners.map((l) => l.close()));
      await wal.close();
      values.close();
    },
  };
}

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
}
