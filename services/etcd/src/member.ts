import { type Clock, type Logger, type Random, randomInt } from "@flotilla/base";
import { type Message, type NodeId, RawNode, type Rules } from "@flotilla/raft";
import { Access } from "./api/access.ts";
import { proposeChange } from "./api/cluster.ts";
import type { ApiContext } from "./api/context.ts";
import { ClientRouter } from "./api/router.ts";
import { serveClientApi } from "./api/serve.ts";
import { Passwords } from "./auth/passwords.ts";
import { createTokens } from "./auth/provider.ts";
import { SimpleTokens } from "./auth/simple-tokens.ts";
import { autoCompact } from "./auto-compaction.ts";
import type { Start } from "./bootstrap.ts";
import { HeaderWriter } from "./codec/kv-responses.ts";
import { Router } from "./grpc/server.ts";
import { loggedPublications } from "./node/logged-publications.ts";
import type { PublishEntry } from "./node/machine.ts";
import { Replica, tickOf } from "./node/replica.ts";
import { Snapshots } from "./node/snapshots.ts";
import { StallWatch, successor } from "./node/step-aside.ts";
import type { EtcdConfig } from "./options.ts";
import { servePeers } from "./peer/service.ts";
import { withStrangers } from "./peer/strangers.ts";
import type { PeerTransport } from "./peer/transport.ts";

/** What a member lives on. The real ones are wired in `assemble.ts`, those of a simulation in `simulation/`. */
export interface MemberPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly peers: PeerTransport;
  /** Runs `fn` after the events that are already waiting (setImmediate). */
  readonly defer: (fn: () => void) => void;
  /** The member cannot go on. */
  readonly exit: (reason: string, error?: Error) => void;
  /** Messages from another member on their way to `step`; faults may come in between. */
  readonly receive: (from: NodeId, messages: readonly Message[], step: (messages: readonly Message[]) => void) => void;
  /** Whether calls from this member get through. */
  readonly hears: (from: NodeId) => boolean;
  readonly leaderChanged: (leader: NodeId) => void;
  /** Committed entries were taken in. */
  readonly applied?: (took_ms: number) => void;
  /** Bytes of messages that came from a member. */
  readonly received?: (from: NodeId, bytes: number) => void;
  /** For simulations: rules with a bug planted, a log so short that followers need snapshots. */
  readonly tuning?: { readonly rules?: Partial<Rules>; readonly logEntries_max?: number };
}

/** gRPC's own overhead on top of the request limit, as etcd adds it. */
const GRPC_OVERHEAD_BYTES = 512 << 10;
const PEER_MESSAGE_BYTES_MAX = 256 << 20;
const REMOVED_GRACE_MS = 1000;
const STALL_LOOK_MS = 100;

/** etcd's shortest lease: one and a half election time-outs, in whole seconds. */
export const shortestLease_s = (config: EtcdConfig) => Math.ceil((config.election_ms * 1.5) / 1000);

/** One member of the store, all but the sockets: Raft, machine, disk and API wired together. */
export interface Member {
  readonly replica: Replica;
  /** What clients may call. */
  readonly clients: Router;
  /** What other members may call. */
  readonly peers: Router;
  /** Begins to take part; `peers` must be served by now. */
  start(): void;
  stop(): Promise<void>;
}

export function createMember(ports: MemberPorts, config: EtcdConfig, start: Start): Member {
  const { clock, random, log, defer } = ports;
  const { self, clusterId, machine, wal, files } = start;
  const peers = withStrangers(ports.peers, self);
  const tick_ms = tickOf(config.heartbeat_ms);
  const node = new RawNode({
    id: self,
    random,
    snapshot: start.snapshot,
    hardState: start.hardState,
    entries: start.entries,
    election_ticks: Math.round(config.election_ms / tick_ms),
    leaseReads: config.leaseReads,
    heartbeat_ticks: Math.max(1, Math.round(config.heartbeat_ms / tick_ms)),
    rules: ports.tuning?.rules,
  });
  const boot = randomInt(random, 2 ** 20);
  const replica = new Replica({ clock, random, log, node, wal, peers, machine, defer }, boot, config.election_ms, tick_ms);
  const snapshots = new Snapshots({
    replica,
    files,
    peers,
    log,
    clusterId,
    snapshotCount: config.snapshotCount,
    ttl_s_min: shortestLease_s(config),
    purgeWal: (index) => wal.purge(index),
    defer,
    from: start.snapshot.index,
    logEntries_max: ports.tuning?.logEntries_max,
  });
  replica.events = {
    sendSnapshot: (message) => snapshots.send(message),
    takeInstalled: (index) => snapshots.takeInstalled(index),
    applied: (took_ms) => {
      ports.applied?.(took_ms);
      snapshots.applied();
    },
    leaderChanged: ports.leaderChanged,
    removed: () => void clock.setTimeout(() => ports.exit("the member has been permanently removed from the cluster"), REMOVED_GRACE_MS),
  };

  const memberId = String(self);
  const tokens = createTokens(config.authToken, config.authTokenTtl_s, clock);
  machine.tokens = tokens instanceof SimpleTokens ? tokens : undefined;
  const passwords = new Passwords(random, config.passwordCost);
  const context: ApiContext = {
    access: new Access({ machine, clock, tokens, passwords, certAuth: config.clientCertAuth }),
    replica,
    peers,
    clock,
    random,
    clusterId,
    memberId,
    header: new HeaderWriter(clusterId, memberId),
    limits: { request_bytes_max: config.request_bytes_max, txnOps_max: config.txnOps_max, quota_bytes: config.quota_bytes },
  };
  const clientRouter = new ClientRouter(config.request_bytes_max + GRPC_OVERHEAD_BYTES, replica, clock, config.election_ms);
  const api = serveClientApi(clientRouter, context, config.progressNotify_ms);

  const peerRouter = new Router(PEER_MESSAGE_BYTES_MAX);
  const step = (messages: readonly Message[]) => {
    // Another member may have been here before, with this address: what is meant for it is not for us.
    const own = messages.every((m) => m.to === self) ? messages : messages.filter((m) => m.to === self);
    try {
      replica.step(own);
    } catch (error) {
      ports.exit("the member's log does not agree with its cluster: was its data directory changed or lost?", error as Error);
    }
  };
  const logged = loggedPublications(start.entries);
  servePeers(peerRouter, {
    replica,
    dataIdOf: (member) => replica.machine.members.get(member)?.dataId ?? logged.get(member),
    clusterId,
    heardFrom: (member, urls) => peers.heardFrom(member, urls),
    receive: (from, messages) => ports.receive(from, messages, step),
    hears: ports.hears,
    receiveSnapshot: (call) => snapshots.receive(call),
    now_ms: () => clock.monotonic(),
    received: ports.received,
    changeMembers: async (entry) => proposeChange(replica, JSON.parse(entry.toString())),
  });

  const stalls = new StallWatch(config.election_ms);
  const stepAside = () => {
    if (!stalls.look(clock.monotonic(), node)) return;
    const to = successor(node);
    if (to === undefined || !node.transferLeader(to)) return;
    log.warn("own disk does not get on, handing leadership over", { to: machine.members.get(to)?.name ?? to });
    replica.schedule();
  };
  let stallTimer: { cancel(): void } | undefined;
  let compaction: { cancel(): void } | undefined;
  return {
    replica,
    clients: clientRouter,
    peers: peerRouter,
    start() {
      peers.sync(start.peers);
      replica.start();
      stallTimer = clock.setInterval(stepAside, STALL_LOOK_MS);
      compaction = autoCompact(config.compaction, replica, clock);
      publish(replica, { id: self, name: config.name, clientURLs: config.advertiseClientUrls, dataId: start.dataId });
    },
    async stop() {
      stallTimer?.cancel();
      compaction?.cancel();
      api.stop();
      clientRouter.stop();
      await handOver(replica, clock);
      replica.stop();
      peers.close();
    },
  };
}

/** Tells the cluster this member's name, client URLs and data directory; again until it is heard. */
function publish(replica: Replica, entry: PublishEntry): void {
  replica.propose("publish", Buffer.from(JSON.stringify(entry)), undefined, (result) => {
    if (!(result instanceof Error) || result.message.includes("stopped")) return;
    publish(replica, entry);
  });
}

const HAND_OVER_MS = 300;
const HAND_OVER_POLL_MS = 5;

/** A leader that stops in order leaves no gap: it passes its leadership on first. */
async function handOver(replica: Replica, clock: Clock): Promise<void> {
  const to = successor(replica.node);
  if (to === undefined || !replica.node.transferLeader(to)) return;
  replica.schedule();
  for (let waited = 0; waited < HAND_OVER_MS && replica.isLeader; waited += HAND_OVER_POLL_MS) {
    await new Promise<void>((resolve) => void clock.setTimeout(resolve, HAND_OVER_POLL_MS));
  }
}
