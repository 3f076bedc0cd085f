import { assert } from "@flotilla/base";
import { becomeFollower, type Core, type LeaderRole, resetElection } from "./core.ts";
import { type AppendReply, type Message, NONE, type NodeId, type Proposal } from "./message.ts";
import { PassedOn } from "./passed-on.ts";
import { Progress } from "./progress.ts";
import { committedIndex, everyone, isVoter, tally } from "./quorum.ts";
import { ReadQueue } from "./read-index.ts";
import { ReadLease } from "./read-lease.ts";
import { broadcast, sendAppend, sendHeartbeats } from "./replication.ts";
import { maybeSendTimeoutNow } from "./transfer.ts";

export function becomeLeader(core: Core): void {
  const { id } = core.settings;
  assert(core.role.kind === "candidate", "only a candidate becomes leader");
  const progress = new Map<NodeId, Progress>();
  for (const member of everyone(core.conf)) progress.set(member, new Progress(core.log.lastIndex + 1));
  core.role = {
    kind: "leader",
    progress,
    reads: new ReadQueue(),
    lease: core.settings.leaseReads ? new ReadLease(core.settings.rules.leaseTicks(core.settings.election_ticks)) : undefined,
    passedOn: new PassedOn(),
    // There may be an unapplied change in the log: wait until all of it is applied.
    pendingConfIndex: core.log.lastIndex,
    transfer: undefined,
    broadcastDue: false,
  };
  core.leader = id;
  core.leaderSuspected = false;
  resetElection(core);
  // The no-op lets the leader learn what is committed (dissertation §6.4, paper §8).
  appendProposals(core, core.role, [{ kind: "normal", data: new Uint8Array(0) }]);
}

export function appendProposals(core: Core, role: LeaderRole, proposals: readonly Proposal[]): void {
  for (const { kind, data } of proposals) {
    const index = core.log.lastIndex + 1;
    if (kind === "conf") role.pendingConfIndex = index;
    core.log.append({ index, term: core.term, kind, data });
  }
  role.broadcastDue = true;
}

/** One change at a time: the last one must be applied first (dissertation §4.1). */
export function mayProposeConf(core: Core, role: LeaderRole): boolean {
  return role.pendingConfIndex <= core.log.applied;
}

export function stepLeader(core: Core, role: LeaderRole, m: Message): void {
  const progress = role.progress.get(m.from);
  if (progress) progress.recentlyActive = true;
  switch (m.type) {
    case "append-reply":
      if (progress) handleAppendReply(core, role, m, progress);
      return;
    case "heartbeat-reply":
      if (!progress) return;
      progress.readRound = Math.max(progress.readRound, m.readRound);
      // Paper §5.3: the leader retries for ever what may have been lost.
      if (progress.match < core.log.lastIndex) {
        if (progress.blocked(core.settings.flow)) progress.alive();
        sendAppend(core, m.from, progress, true);
      }
      confirmReads(core, role);
      return;
    case "read":
      requestRead(core, role, m.id, m.from);
      return;
    case "propose":
      // Proposals are passed on for one term: a copy can never be appended by two leaders, nor twice by one.
      if (!role.passedOn.take(m.from, m.id)) return;
      if (role.transfer) role.transfer.held.push(...m.proposals);
      else
        appendProposals(
          core,
          role,
          m.proposals.filter((p) => p.kind !== "conf" || mayProposeConf(core, role)),
        );
      return;
    default:
      return;
  }
}

function handleAppendReply(core: Core, role: LeaderRole, m: AppendReply, progress: Progress): void {
  if (m.rejected) {
    // The follower's log has nothing of a term above hintTerm here: neither may our next try (paper §5.3).
    const hint = m.hintTerm > 0 ? core.log.lastNotAbove(m.hintIndex, m.hintTerm) : m.hintIndex;
    if (progress.refused(m.index, hint)) sendAppend(core, m.from, progress, true);
    return;
  }
  const wasBlocked = progress.blocked(core.settings.flow);
  if (!progress.acknowledged(m.index)) return;
  maybeCommit(core, role);
  if (wasBlocked || progress.next <= core.log.lastIndex) sendAppend(core, m.from, progress, false);
  if (role.transfer?.to === m.from) maybeSendTimeoutNow(core, role);
}

/** The own disk holds the log up to `index`: count it like a follower's answer. */
export function acknowledgeOwn(core: Core, role: LeaderRole): void {
  const own = role.progress.get(core.settings.id);
  if (own?.acknowledged(Math.min(core.log.persisted, core.log.lastIndex))) maybeCommit(core, role);
}

/** Paper §5.3, §5.4.2: commit what a majority stores, if it is of this term. */
export function maybeCommit(core: Core, role: LeaderRole): boolean {
  const { log } = core;
  const index = committedIndex(core.conf, (id) => role.progress.get(id)?.match ?? 0);
  if (index <= log.committed || !core.settings.rules.mayCommit(log.termAt(index)!, core.term)) return false;
  log.commitTo(index);
  role.broadcastDue = true;
  for (const { id, from } of role.reads.takeHeld()) requestRead(core, role, id, from);
  return true;
}

/** Dissertation §6.4. */
export function requestRead(core: Core, role: LeaderRole, id: number, from: NodeId): void {
  if (!core.settings.rules.mayServeReads(core.log.termAt(core.log.committed), core.term)) {
    role.reads.hold(id, from);
    return;
  }
  if (role.lease?.holds) return answerRead(core, { id, from, index: core.log.committed });
  role.reads.add(id, from, core.log.committed);
}

export function confirmReads(core: Core, role: LeaderRole): void {
  const { id } = core.settings;
  const rounds = committedIndex(core.conf, (m) => (m === id ? role.reads.round : (role.progress.get(m)?.readRound ?? 0)));
  role.lease?.confirmed(rounds);
  for (const read of role.reads.confirm(rounds)) answerRead(core, read);
}

function answerRead(core: Core, { id, from, index }: { id: number; from: NodeId; index: number }): void {
  const self = core.settings.id;
  if (from === self) core.reads.push({ id, index });
  else core.messages.push({ type: "read-reply", from: self, to: from, term: core.term, id, index });
}

export function tickLeader(core: Core, role: LeaderRole): void {
  role.lease?.tick();
  core.heartbeat_ticks++;
  core.elapsed_ticks++;
  if (core.elapsed_ticks >= core.settings.election_ticks) {
    core.elapsed_ticks = 0;
    if (!quorumActive(core, role)) {
      // Dissertation §6.2: a leader that cannot reach a majority steps down.
      becomeFollower(core, core.term, NONE);
      return;
    }
  }
  if (role.transfer && ++role.transfer.waited_ticks >= core.settings.election_ticks) {
    const { held } = role.transfer;
    role.transfer = undefined;
    appendProposals(core, role, held);
  }
  if (core.heartbeat_ticks >= core.settings.heartbeat_ticks) {
    core.heartbeat_ticks = 0;
    sendHeartbeats(core, role);
  }
}

function quorumActive(core: Core, role: LeaderRole): boolean {
  const active = tally(core.conf, (id) => id === core.settings.id || (role.progress.get(id)?.recentlyActive ?? false));
  for (const p of role.progress.values()) p.recentlyActive = false;
  return active === "won";
}

/** Sends what has become due since the last Ready: one round for everything proposed meanwhile. */
export function flushLeader(core: Core, role: LeaderRole): void {
  if (role.reads.due) {
    role.reads.due = false;
    sendHeartbeats(core, role);
    confirmReads(core, role);
  }
  if (role.broadcastDue) {
    role.broadcastDue = false;
    broadcast(core, role);
  }
}

/** The membership has changed: forget those who left, start those who came. */
export function adoptConf(core: Core, role: LeaderRole): void {
  const members = everyone(core.conf);
  for (const id of role.progress.keys()) if (!members.includes(id)) role.progress.delete(id);
  for (const id of members) {
    if (role.progress.has(id)) continue;
    const progress = new Progress(core.log.lastIndex + 1);
    progress.recentlyActive = true; // not to be counted as silent before it could speak
    role.progress.set(id, progress);
  }
  if (role.transfer && !isVoter(core.conf, role.transfer.to)) role.transfer = undefined;
  role.lease?.drop();
  maybeCommit(core, role);
  role.broadcastDue = true;
}
