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
  const members = () => [...machine.members.values()].sort((a, b) => a.id - b.id).map(toWire);
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
  const isNew = step !== undefined && !replica.machine.members.has(step.id);
  if (isNew && step.op !== "remove") mayAdd(replica, step.op === "add-voter");
  if (step?.op === "remove" && replica.node.conf.voters.includes(step.id)) mayRemove(replica, step.id);
  return replica.proposeConf(entry);
}

function isCaughtUp(replica: Replica, id: number): boolean {
  const match = replica.node.progress?.get(id)?.match ?? 0;
  return match >= replica.node.log.lastIndex * LEARNER_READY_RATIO;
}

/** Has the leader heard from this member lately? */
const isActive = (replica: Replica, id: number) =>
  id === replica.node.status().id || replica.node.progress?.get(id)?.recentlyActive === true;

/** A member that has never run has no name. */
const isStarted = (replica: Replica, id: number) => replica.machine.members.get(id)?.name !== "";

/**
 * etcd's strict reconfiguration check: a new voter counts for the majority
 * before it runs, so the others must be able to do without it, and be there.
 */
function mayAdd(replica: Replica, voter: boolean): void {
  const { voters } = replica.node.conf;
  const started = voters.filter((id) => isStarted(replica, id)).length;
  // One member alone may always get a second.
  if (voter && !(started === 1 && voters.length === 1) && started < majority(voters.length + 1)) throw rpcError("memberNotEnoughStarted");
  if (!voters.every((id) => isActive(replica, id))) throw rpcError("unhealthy");
}

/** Those that are left must be a majority that runs; a member that is down may always go. */
function mayRemove(replica: Replica, leaving: number): void {
  const left = replica.node.conf.voters.filter((id) => id !== leaving);
  if (left.filter((id) => isStarted(replica, id)).length < majority(left.length)) throw rpcError("memberNotEnoughStarted");
  if (isActive(replica, leaving) && left.filter((id) => isActive(replica, id)).length < majority(left.length)) throw rpcError("unhealthy");
}

const majority = (count: number) => (count === 0 ? 0 : Math.floor(count / 2) + 1);

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
