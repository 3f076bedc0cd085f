import { type Random, randomInt } from "@flotilla/base";
import type { RaftLog } from "./log.ts";
import { type Conf, type Message, NONE, type NodeId, type Proposal } from "./message.ts";
import type { PassedOn } from "./passed-on.ts";
import type { FlowLimits, Progress } from "./progress.ts";
import { isVoter } from "./quorum.ts";
import type { ReadQueue, ReadState } from "./read-index.ts";
import type { ReadLease } from "./read-lease.ts";
import type { Rules } from "./rules.ts";

/** Fixed for a node's life. Times are counted in ticks; how long a tick is, the caller decides. */
export interface Settings {
  readonly id: NodeId;
  readonly election_ticks: number;
  readonly heartbeat_ticks: number;
  readonly append_bytes_max: number;
  readonly flow: FlowLimits;
  readonly random: Random;
  readonly rules: Rules;
  /** Leaders read by lease; see `read-lease.ts`. */
  readonly leaseReads: boolean;
}

export type Role = FollowerRole | CandidateRole | LeaderRole;

export interface FollowerRole {
  readonly kind: "follower";
}

export interface CandidateRole {
  /** A pre-candidate asks whether it could win before it raises its term (dissertation §9.6). */
  readonly kind: "pre-candidate" | "candidate";
  readonly votes: Map<NodeId, boolean>;
}

export interface LeaderRole {
  readonly kind: "leader";
  readonly progress: Map<NodeId, Progress>;
  readonly reads: ReadQueue;
  /** Undefined where leases are not in use, and after a transfer was begun. */
  lease: ReadLease | undefined;
  readonly passedOn: PassedOn;
  /** No other membership change may be proposed before this entry is applied. */
  pendingConfIndex: number;
  transfer: Transfer | undefined;
  /** Appends are due to all followers: new entries, or a new commit index. */
  broadcastDue: boolean;
}

export interface Transfer {
  readonly to: NodeId;
  waited_ticks: number;
  /** Proposals from followers that arrived meanwhile; taken up if the transfer fails. */
  readonly held: Proposal[];
}

/**
 * The state one member's rules work on. Everything that leaves goes into
 * `messages` (may be sent at once) or `afterPersist` (promises, which may be
 * sent only when the state they rest on is durable).
 *
 * Invariants: term never falls; vote changes at most once per term; leader is
 * NONE or the only leader of `term`.
 */
export interface Core {
  readonly settings: Settings;
  readonly log: RaftLog;
  term: number;
  vote: NodeId;
  leader: NodeId;
  role: Role;
  conf: Conf;
  messages: Message[];
  afterPersist: Message[];
  reads: ReadState[];
  /** Ticks since the leader was last heard, or since the last campaign or quorum check. */
  elapsed_ticks: number;
  heartbeat_ticks: number;
  /** This election time-out, drawn anew from [election, 2 × election) (paper §5.2). */
  timeout_ticks: number;
  /** The leader's process is known to be gone: its lease does not count any more. */
  leaderSuspected: boolean;
  /** So long it neither votes nor campaigns: what it promised before its start may still count. */
  quiet_ticks: number;
}

export function becomeFollower(core: Core, term: number, leader: NodeId): void {
  setTerm(core, term);
  core.role = { kind: "follower" };
  core.leader = leader;
  core.leaderSuspected = false;
  resetElection(core);
}

/** Raising the term forgets the vote (paper, figure 2: votedFor is per term). */
export function setTerm(core: Core, term: number): void {
  if (term === core.term) return;
  core.term = term;
  core.vote = NONE;
}

export function resetElection(core: Core): void {
  core.elapsed_ticks = 0;
  core.heartbeat_ticks = 0;
  const { election_ticks, random } = core.settings;
  core.timeout_ticks = election_ticks + randomInt(random, election_ticks);
}

/**
 * A learner, or a member that was removed, does not campaign (dissertation
 * §4.2.1, §4.2.2); nor does one that has a committed membership change still to apply.
 */
export function mayCampaign(core: Core): boolean {
  return core.quiet_ticks === 0 && isVoter(core.conf, core.settings.id) && !core.log.hasUnappliedConf();
}

/**
 * Has the leader been heard within the minimum election time-out? Then requests
 * for votes are ignored, so a member that cannot hear it disturbs nobody
 * (dissertation §4.2.3), and a leader that keeps a quorum stays.
 */
export function inLease(core: Core): boolean {
  if (core.role.kind === "leader") return true;
  return core.leader !== NONE && !core.leaderSuspected && core.elapsed_ticks < core.settings.election_ticks;
}
