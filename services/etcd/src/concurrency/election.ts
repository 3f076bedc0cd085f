import type { Version } from "@flotilla/mvcc";
import type * as pb from "@flotilla/rpc/gen/etcd/v3election.ts";
import { type ApiContext, headerOf, reply } from "../api/context.ts";
import { decode, encode } from "../codec/tables.ts";
import type { Router, StreamCall } from "../grpc/server.ts";
import { Code, RpcError } from "../grpc/status.ts";
import { contenderKey, endOf, ifCreatedAt, prefixOf } from "./requests.ts";
import { serveCalls } from "./serve.ts";
import { Cancelled, Session, waitForTurn } from "./session.ts";

const noLeader = () => new RpcError(Code.UNKNOWN, "election: no leader");
const notLeader = () => new RpcError(Code.UNKNOWN, "election: not leader");
const leaderMissing = () => new RpcError(Code.UNKNOWN, '"leader" field must be provided');

/**
 * v3electionpb.Election: candidates queue as for a lock, and the value of the
 * first one's key is what the leader has to say.
 */
export function serveElection(router: Router, c: ApiContext): void {
  const method = serveCalls(router, c, "v3electionpb.Election");

  method("Campaign", async (request, call, session) => {
    const { name, lease, value } = decode<pb.CampaignRequest>("CampaignRequest", request);
    const leader = await campaign(session, name, lease, value.toString("latin1"));
    reply(c, call, "CampaignResponse", { leader });
  });

  method("Proclaim", async (request, call, session) => {
    const { leader, value } = decode<pb.ProclaimRequest>("ProclaimRequest", request);
    if (!leader) throw leaderMissing();
    await proclaim(session, leader, value.toString("latin1"));
    reply(c, call, "ProclaimResponse", {});
  });

  method("Leader", async (request, call, session) => {
    const leader = await session.oldest(prefixOf(decode<pb.LeaderRequest>("LeaderRequest", request).name));
    if (!leader) throw noLeader();
    reply(c, call, "LeaderResponse", { kv: toWire(leader) });
  });

  method("Resign", async (request, call, session) => {
    const { leader } = decode<pb.ResignRequest>("ResignRequest", request);
    if (!leader) throw leaderMissing();
    await resign(session, leader);
    reply(c, call, "ResignResponse", {});
  });

  router.streaming(
    "/v3electionpb.Election/Observe",
    (call) => {
      let session: Session | undefined;
      call.onClose = () => session?.close();
      call.onMessage = (request) =>
        c.access.run(call, (who) => {
          session = new Session(c, who);
          const prefix = prefixOf(decode<pb.LeaderRequest>("LeaderRequest", request).name);
          observe(session, prefix, call).catch((error) => {
            if (!(error instanceof Cancelled)) call.fail(error);
          });
        });
    },
    "server_stream",
  );
}

/** Returns once this candidate leads. @throws RpcError; it has resigned then. */
async function campaign(session: Session, name: Buffer, given: string, value: string): Promise<pb.LeaderKey> {
  const lease = await session.lease(given);
  const prefix = prefixOf(name);
  const key = contenderKey(prefix, lease);
  const entered = await session.txn(ifCreatedAt(key, 0, { yes: [{ put: key, value, lease }], no: [{ get: key }] }));
  const known = entered.responses[0]?.kind === "range" ? entered.responses[0].range.kvs[0] : undefined;
  const leader = { name, key: Buffer.from(key, "latin1"), rev: known?.create ?? entered.revision, lease };
  try {
    // Who campaigns again with another value says that instead.
    if (known && known.value !== value) await proclaim(session, leader, value);
    await waitForTurn(session, prefix, leader.rev);
    return leader;
  } catch (error) {
    await resign(session, leader).catch(() => {});
    throw error;
  }
}

async function proclaim(session: Session, { key, rev, lease }: pb.LeaderKey, value: string): Promise<void> {
  const own = key.toString("latin1");
  const { succeeded } = await session.txn(ifCreatedAt(own, rev, { yes: [{ put: own, value, lease }] }));
  if (!succeeded) throw notLeader();
}

async function resign(session: Session, { key, rev }: pb.LeaderKey): Promise<void> {
  const own = key.toString("latin1");
  await session.txn(ifCreatedAt(own, rev, { yes: [{ delete: own }] }));
}

/** Sends the leader there is, then everyone who follows and everything they proclaim, until the call ends. */
async function observe(session: Session, prefix: string, call: StreamCall): Promise<void> {
  const send = (kv: Version) => call.send(encode("LeaderResponse", { header: headerOf(session.c), kv: toWire(kv) }).finish());
  const { machine } = session.c.replica;
  call.open();
  for (;;) {
    const leader = await session.oldest(prefix);
    if (!leader) {
      // Whoever comes next leads; the next round finds out who.
      await session.next({ key: prefix, end: endOf(prefix) }, machine.store.revision + 1, "put");
      continue;
    }
    send(leader);
    for (let from = leader.mod + 1; ; ) {
      const event = await session.next({ key: leader.key, end: undefined }, from, "any");
      if (event === "compacted" || event.version === 0) break;
      send(event);
      from = event.mod + 1;
    }
  }
}

const toWire = (v: Version) => ({
  key: Buffer.from(v.key, "latin1"),
  createRevision: v.create,
  modRevision: v.mod,
  version: v.version,
  value: Buffer.from(v.value, "latin1"),
  lease: v.lease,
});
