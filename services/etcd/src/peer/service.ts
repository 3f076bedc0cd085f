import type { IncomingHttpHeaders } from "node:http2";
import type { Message, NodeId } from "@flotilla/raft";
import type { Router, Session, StreamCall, UnaryCall } from "../grpc/server.ts";
import { rpcError } from "../node/errors.ts";
import type { Member } from "../node/members.ts";
import type { Replica } from "../node/replica.ts";
import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import { readBatch } from "./codec.ts";
import { PEER_HEADERS, PEER_PATH } from "./link.ts";

export interface PeerServicePorts {
  readonly replica: Replica;
  readonly clusterId: string;
  /** The data directory that a member is known to have taken part with. */
  readonly dataIdOf: (member: NodeId) => string | undefined;
  readonly heardFrom: (member: NodeId, peerURLs: readonly string[]) => void;
  readonly receive: (from: NodeId, messages: readonly Message[]) => void;
  /** Whether calls from this member get through (see faults/). */
  readonly hears: (member: NodeId) => boolean;
  readonly receiveSnapshot: (call: StreamCall) => void;
  readonly now_ms: () => number;
  /** Bytes of messages that came from a member. */
  readonly received?: ((from: NodeId, bytes: number) => void) | undefined;
  readonly changeMembers: (entry: Buffer) => Promise<void>;
}

/** flotilla.raft.v1.Peer: what other members may ask of this one. */
export function servePeers(router: Router, ports: PeerServicePorts): void {
  const { replica, clusterId } = ports;
  const checkCluster = (headers: IncomingHttpHeaders) => {
    if (headers[PEER_HEADERS.cluster] !== clusterId) throw rpcError("clusterIdMismatch");
  };
  // A connection belongs to the member whose Exchange it carries.
  const memberOn = new WeakMap<Session, NodeId>();
  const checkHeard = ({ session }: { session: Session | undefined }) => {
    const from = session && memberOn.get(session);
    if (from !== undefined && !ports.hears(from)) throw rpcError("timeout");
  };
  router.streaming(`${PEER_PATH}/Exchange`, (call) => {
    checkCluster(call.headers);
    const from: NodeId = Number(call.headers[PEER_HEADERS.member]);
    const refuseRemoved = () => {
      if (replica.machine.removed.has(from)) throw rpcError("memberRemoved");
    };
    refuseRemoved();
    // It has lost its disk, and with it the votes and entries that it has promised to keep (paper, figure 2).
    const known = ports.dataIdOf(from);
    const has = call.headers[PEER_HEADERS.data];
    if (known && has && has !== known) throw rpcError("memberReplaced");
    if (call.session) memberOn.set(call.session, from);
    call.open();
    const urls = call.headers[PEER_HEADERS.urls];
    ports.heardFrom(from, typeof urls === "string" ? urls.split(",") : []);
    call.onMessage = (bytes) => {
      ports.received?.(from, bytes.length);
      // It may have missed its removal, and will ask for votes for ever.
      refuseRemoved();
      ports.receive(from, readBatch(bytes));
    };
    call.onEnd = () => call.end();
  });
  router.streaming(`${PEER_PATH}/InstallSnapshot`, (call) => {
    checkCluster(call.headers);
    checkHeard(call);
    ports.receiveSnapshot(call);
  });
  router.unary(`${PEER_PATH}/Members`, (_request, call) => {
    call.reply(encodeMembers(clusterId, [...replica.machine.members.values()]));
  });
  router.unary(`${PEER_PATH}/ChangeMembers`, (request, call) => {
    checkHeard(call);
    const entry = new Reader(request);
    let bytes: Buffer = Buffer.alloc(0);
    for (let tag = entry.tag(); tag !== 0; tag = entry.tag()) {
      if (tag === 0x0a) bytes = Buffer.from(entry.bytes());
      else entry.skip(tag);
    }
    ports.changeMembers(bytes).then(
      () => call.reply(Buffer.alloc(0)),
      (error) => call.fail(error),
    );
  });
  const lease = (answer: (id: string) => { ttl: number; granted: number }) => (request: Buffer, call: UnaryCall) => {
    checkHeard(call);
    if (!replica.isLeader) throw rpcError("notLeader");
    const r = new Reader(request);
    let id = "0";
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag === 0x08) id = r.id();
      else r.skip(tag);
    }
    const { ttl, granted } = answer(id);
    call.reply(new Writer().int(0x08, ttl).int(0x10, granted).finish());
  };
  router.unary(
    `${PEER_PATH}/LeaseKeepAlive`,
    lease((id) => ({ ttl: renewOr(replica, id, ports.now_ms()), granted: 0 })),
  );
  router.unary(
    `${PEER_PATH}/LeaseTimeToLive`,
    lease((id) => timeToLive(replica, id, ports.now_ms())),
  );
}

/** -1 when there is no such lease. */
export function renewOr(replica: Replica, id: string, now_ms: number): number {
  return replica.machine.lessor.has(id) ? replica.machine.lessor.renew(id, now_ms) : -1;
}

export function timeToLive(replica: Replica, id: string, now_ms: number): { ttl: number; granted: number } {
  const { lessor } = replica.machine;
  const found = lessor.get(id);
  return found ? { ttl: lessor.remaining_s(found, now_ms), granted: found.ttl_s } : { ttl: -1, granted: 0 };
}

export function encodeMembers(clusterId: string, members: readonly Member[]): Buffer {
  const w = new Writer().id(0x08, clusterId);
  for (const m of members) {
    w.message(0x12, () => {
      w.int(0x08, m.id).text(0x12, m.name);
      for (const url of m.peerURLs) w.text(0x1a, url);
      for (const url of m.clientURLs) w.text(0x22, url);
      w.bool(0x28, m.isLearner);
    });
  }
  return w.finish();
}

export function decodeMembers(bytes: Buffer): { clusterId: string; members: Member[] } {
  const r = new Reader(bytes);
  let clusterId = "0";
  const members: Member[] = [];
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x08) clusterId = r.uid();
    else if (tag === 0x12) members.push(decodeMember(r.message()));
    else r.skip(tag);
  }
  return { clusterId, members };
}

function decodeMember(r: Reader): Member {
  const m = { id: 0, name: "", peerURLs: [] as string[], clientURLs: [] as string[], isLearner: false };
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x08) m.id = r.int();
    else if (tag === 0x12) m.name = r.text();
    else if (tag === 0x1a) m.peerURLs.push(r.text());
    else if (tag === 0x22) m.clientURLs.push(r.text());
    else if (tag === 0x28) m.isLearner = r.bool();
    else r.skip(tag);
  }
  return m;
}
