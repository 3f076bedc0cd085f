import type { MemberAddRequest, MemberUpdateRequest } from "@flotilla/rpc/gen/etcd/rpc.ts";
import { decode } from "../codec/tables.ts";
import { unary } from "../grpc/client.ts";
import type { Router, UnaryCall } from "../grpc/server.ts";
import { rpcError } from "../node/errors.ts";
import type { ConfEntry } from "../node/machine.ts";
import { type Member, memberId } from "../node/members.ts";
import type { Replica } from "../node/replica.ts";
import { PEER_PATH } from "../peer/link.ts";
import { Writer } from "../wire/writer.ts";
import { type ApiContext, answering, linearizable, reply } from "./context.ts";

const LEARNERS_MAX = 1;
/** A learner this close to the leader's log may vote (etcd: 90 %). */
const LEARNER_READY_RATIO = 0.9;

type Change = Omit<ConfEntry, "origin" | "sequence">;

/** etcdserverpb.Cluster. */
export function serveCluster(router: Router, c: ApiContext): void {
  const { machine } = c.replica;
  const members = () => [...machine.members.values()].map(toWire);
  const method = (name: string, run: (request: Buffer, call: UnaryCall) => Promise<void>) =>
    router.unary(`/etcdserverpb.Cluster/${name}`, answering(c, run));
  /** Membership is the administrator's. */
  const change = (name: string, run: (request: Buffer, call: UnaryCall) => Promise<void>) =>
    router.unary(
      `/etcdserverpb.Cluster/${name}`,
      answering(c, async (request, call, who) => {
        machine.auth.requireAdmin(who);
        await run(request, call);
      }),
    );

  method("MemberList", async (request, call) => {
    if (decode<{ linearizable: boolean }>("MemberListRequest", request).linearizable) await linearizable(c);
    reply(c, call, "MemberListResponse", { members: members() });
  });

  change("MemberAdd", async (request, call) => {
    const { peerURLs, isLearner } = decode<MemberAddRequest>("MemberAddRequest", request);
    checkUrls(peerURLs);
    await linearizable(c);
    const all = [...machine.members.values()];
    if (all.some((m) => m.peerURLs.some((url) => peerURLs.includes(url)))) throw rpcError("peerUrlExists");
    if (isLearner && all.filter((m) => m.isLearner).length >= LEARNERS_MAX) throw rpcError("tooManyLearners");
    const id = memberId(peerURLs, c.clusterId, String(c.clock.now()));
    const member: Member = { id, name: "", peerURLs, clientURLs: [], isLearner };
    await propose(c, { steps: [{ op: isLearner ? "add-learner" : "add-voter", id }], member });
    reply(c, call, "MemberAddResponse", { member: toWire(member), members: members() });
  });

  change("MemberRemove", async (request, call) => {
    const id = Number(decode<{ ID: string }>("MemberRemoveRequest", request).ID);
    await linearizable(c);
    mustExist(c.replica, id);
    await propose(c, { steps: [{ op: "remove", id }] });
    reply(c, call, "MemberRemoveResponse", { members: members() });
  });

  change("MemberPromote", async (request, call) => {
    const id = Number(decode<{ ID: string }>("MemberPromoteRequest", request).ID);
    await linearizable(c);
    if (!mustExist(c.replica, id).isLearner) throw rpcError("memberNotLearner");
    await propose(c, { steps: [{ op: "add-voter", id }] });
    reply(c, call, "MemberPromoteResponse", { members: members() });
  });

  change("MemberUpdate", async (request, call) => {
    const { ID, peerURLs } = decode<MemberUpdateRequest>("MemberUpdateRequest", request);
    checkUrls(peerURLs);
    await linearizable(c);
    const { id } = mustExist(c.replica, Number(ID));
    if ([...machine.members.values()].some((m) => m.id !== id && m.peerURLs.some((url) => peerURLs.includes(url))))
      throw rpcError("peerUrlExists");
    await new Promise<void>((resolve, reject) => {
      c.replica.propose("publish", Buffer.from(JSON.stringify({ id, peerURLs })), undefined, (r) =>
        r instanceof Error ? reject(r) : resolve(),
      );
    });
    reply(c, call, "MemberUpdateResponse", { members: members() });
  });
}

/** Only the leader may propose a change: it knows whether another one is under way. */
async function propose(c: ApiContext, entry: Change): Promise<void> {
  if (c.replica.isLeader) return proposeChange(c.replica, entry);
  const session = c.peers.session(c.replica.leaderId);
  if (!session) throw rpcError("noLeader");
  await unary(session, `${PEER_PATH}/ChangeMembers`, new Writer().bytes(0x0a, Buffer.from(JSON.stringify(entry))).finish());
  // The caller's answer lists the members: wait until the change has come here.
  await linearizable(c);
}

/** The leader's part; also called for changes that came in through another member. */
export function proposeChange(replica: Replica, entry: Change): Promise<void> {
  if (!replica.isLeader) throw rpcError("notLeader");
  const [step] = entry.steps;
  if (step?.op === "add-voter" && replica.machine.members.get(step.id)?.isLearner && !isCaughtUp(replica, step.id)) {
    throw rpcError("learnerNotReady");
  }
  if (step?.op === "remove" && replica.node.conf.voters.includes(step.id) && !keepsQuorum(replica, step.id)) {
    throw rpcError("memberNotEnoughStarted");
  }
  return replica.proposeConf(entry);
}

function isCaughtUp(replica: Replica, id: number): boolean {
  const match = replica.node.progress?.get(id)?.match ?? 0;
  return match >= replica.node.log.lastIndex * LEARNER_READY_RATIO;
}

/** Would the members that are left and heard from be a majority? (etcd's strict reconfiguration check) */
function keepsQuorum(replica: Replica, leaving: number): boolean {
  const self = replica.node.status().id;
  const left = replica.node.conf.voters.filter((id) => id !== leaving);
  const active = left.filter((id) => id === self || replica.node.progress?.get(id)?.recentlyActive);
  return active.length * 2 > left.length;
}

function mustExist(replica: Replica, id: number): Member {
  const member = replica.machine.members.get(id);
  if (!member) throw rpcError("memberNotFound");
  return member;
}

function checkUrls(urls: readonly string[]): void {
  const good = urls.length > 0 && urls.every((url) => /^https?:\/\/[^/]+:\d+$/.test(url));
  if (!good) throw rpcError("memberBadUrls");
}

export const toWire = (m: Member) => ({ ...m, ID: String(m.id) });
