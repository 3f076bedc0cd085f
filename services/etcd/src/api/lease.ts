import { randomInt } from "@flotilla/base";
import type { LeaseGrantRequest, LeaseTimeToLiveRequest } from "@flotilla/rpc/gen/etcd/rpc.ts";
import type { AuthInfo } from "../auth/types.ts";
import { decode, encode } from "../codec/tables.ts";
import { unary } from "../grpc/client.ts";
import type { Router, UnaryCall } from "../grpc/server.ts";
import { rpcError } from "../node/errors.ts";
import { PEER_PATH } from "../peer/link.ts";
import { renewOr, timeToLive } from "../peer/service.ts";
import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import { type ApiContext, answering, headerOf, linearizable, propose, reply } from "./context.ts";

const EXPIRY_EVERY_MS = 500;
const EXPIRED_PER_ROUND_MAX = 1000;
const FORWARD_TRIES = 10;
const FORWARD_WAIT_MS = 100;

/** etcdserverpb.Lease. Grants and revocations go through the log; time is kept by the leader. */
export function serveLease(router: Router, c: ApiContext): { stop(): void } {
  const { replica } = c;
  const { machine } = replica;

  router.unary("/etcdserverpb.Lease/LeaseGrant", (request, call) => {
    const grant = decode<LeaseGrantRequest>("LeaseGrantRequest", request);
    const ID = grant.ID === "0" ? freshId(c) : grant.ID;
    const payload = encode("LeaseGrantRequest", { TTL: grant.TTL, ID }).finish();
    c.access.run(call, (who) => {
      machine.auth.requireUser(who);
      propose(c, who, "lease-grant", payload, undefined, (result) => {
        if (result instanceof Error) call.fail(result);
        else if (result.kind === "lease-grant") reply(c, call, "LeaseGrantResponse", { ID: result.id, TTL: result.ttl_s });
      });
    });
  });

  const revoke: Parameters<Router["unary"]>[1] = (request, call) => {
    c.access.run(call, (who) =>
      propose(c, who, "lease-revoke", request, undefined, (result) => {
        if (result instanceof Error) call.fail(result);
        else reply(c, call, "LeaseRevokeResponse", {});
      }),
    );
  };
  router.unary("/etcdserverpb.Lease/LeaseRevoke", revoke);

  router.streaming("/etcdserverpb.Lease/LeaseKeepAlive", (call) => {
    call.open();
    call.onMessage = (bytes) => {
      const { ID } = decode<{ ID: string }>("LeaseKeepAliveRequest", bytes);
      renew(c, ID).then(
        // A lease that is gone is answered with no time, as etcd does.
        (ttl) => call.send(encode("LeaseKeepAliveResponse", { header: headerOf(c), ID, TTL: Math.max(0, ttl) }).finish()),
        (error) => call.fail(error),
      );
    };
    call.onEnd = () => call.end();
  });

  const remaining = async (request: Buffer, call: UnaryCall, who: AuthInfo) => {
    const { ID, keys } = decode<LeaseTimeToLiveRequest>("LeaseTimeToLiveRequest", request);
    await linearizable(c);
    // The names of keys are for those who may read them.
    if (keys) c.access.rights(who)?.leaseKeys(ID);
    const { ttl, granted } = await onLeader(c, "LeaseTimeToLive", ID, () => timeToLive(replica, ID, c.clock.monotonic()));
    const attached = keys && ttl >= 0 ? [...(machine.lessor.get(ID)?.keys ?? [])].sort() : [];
    reply(c, call, "LeaseTimeToLiveResponse", { ID, TTL: ttl, grantedTTL: granted, keys: attached.map((k) => Buffer.from(k, "latin1")) });
  };
  router.unary("/etcdserverpb.Lease/LeaseTimeToLive", answering(c, remaining));

  const list = async (_request: Buffer, call: UnaryCall) => {
    await linearizable(c);
    reply(c, call, "LeaseLeasesResponse", { leases: [...machine.lessor.all()].map(({ id }) => ({ ID: id })) });
  };
  router.unary("/etcdserverpb.Lease/LeaseLeases", answering(c, list));

  return expireLeases(c);
}

/** The leader proposes the end of every lease whose time is over. */
function expireLeases(c: ApiContext): { stop(): void } {
  const proposed = new Set<string>();
  const timer = c.clock.setInterval(() => {
    for (const id of c.replica.machine.lessor.expired(c.clock.monotonic(), EXPIRED_PER_ROUND_MAX)) {
      if (proposed.has(id)) continue;
      proposed.add(id);
      const payload = encode("LeaseRevokeRequest", { ID: id }).finish();
      c.replica.propose("lease-expire", payload, undefined, () => proposed.delete(id));
    }
  }, EXPIRY_EVERY_MS);
  return { stop: () => timer.cancel() };
}

async function renew(c: ApiContext, id: string): Promise<number> {
  return (await onLeader(c, "LeaseKeepAlive", id, () => ({ ttl: renewOr(c.replica, id, c.clock.monotonic()), granted: 0 }))).ttl;
}

type LeaseAnswer = { ttl: number; granted: number };

/** Answers here when this member leads, else asks the leader; patient while there is none. */
async function onLeader(c: ApiContext, method: string, id: string, local: () => LeaseAnswer): Promise<LeaseAnswer> {
  for (let n = 0; n < FORWARD_TRIES; n++) {
    if (c.replica.isLeader) return local();
    const session = c.peers.session(c.replica.leaderId);
    if (session) {
      try {
        return decodeAnswer(await unary(session, `${PEER_PATH}/${method}`, new Writer().id(0x08, id).finish()));
      } catch {
        // The leader has just changed or gone; try again below.
      }
    }
    await new Promise<void>((resolve) => void c.clock.setTimeout(resolve, FORWARD_WAIT_MS));
  }
  throw rpcError(c.replica.leaderId === 0 ? "noLeader" : "timeout");
}

function decodeAnswer(bytes: Buffer): LeaseAnswer {
  const r = new Reader(bytes);
  const out = { ttl: 0, granted: 0 };
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x08) out.ttl = r.int();
    else if (tag === 0x10) out.granted = r.int();
    else r.skip(tag);
  }
  return out;
}

/** A random id below 2^53 that no lease has. */
export function freshId(c: ApiContext): string {
  for (;;) {
    const id = String(randomInt(c.random, 2 ** 52) + 1);
    if (!c.replica.machine.lessor.has(id)) return id;
  }
}
