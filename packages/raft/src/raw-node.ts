import { assert } from "@flotilla/base";
import { campaign, stepCandidate } from "./candidate.ts";
import { applyChange, type ConfChange } from "./conf-change.ts";
import { becomeFollower, type Core, mayCampaign } from "./core.ts";
import { stepFollower } from "./follower.ts";
import { acknowledgeOwn, adoptConf, appendProposals, flushLeader, mayProposeConf, requestRead, stepLeader, tickLeader } from "./leader.ts";
import { RaftLog } from "./log.ts";
import { type Conf, type HardState, type Message, NONE, type NodeId, type Proposal, type SnapshotMeta } from "./message.ts";
import type { NodeOptions } from "./node-options.ts";
import { PassedOnIds } from "./passed-on.ts";
import type { Progress } from "./progress.ts";
import { isVoter } from "./quorum.ts";
import type { Ready, Status } from "./ready.ts";
import { RULES } from "./rules.ts";
import { startTransfer } from "./transfer.ts";
import { answerVote } from "./vote.ts";

/** What became of a proposal: appended here, passed to the leader, or not taken (try again when the leader is known). */
export type Proposed = "appended" | "forwarded" | "no-leader" | "busy";

/**
 * One member of a Raft group: messages and ticks in, Ready out. It knows no
 * clock, disk or network, and with the same inputs always does the same.
 */
export class RawNode {
  private readonly core: Core;
  private readonly applyPerReady_max: number;
  private lastHardState: HardState;
  private pendingSnapshot: SnapshotMeta | undefined;
  private token = 0;
  private readonly passedOn: PassedOnIds;
  /** What each Ready still at the disk covers. */
  private readonly atDisk: { token: number; index: number; term: number; self: Message[] }[] = [];

  constructor(options: NodeOptions) {
    const { snapshot, hardState = { term: snapshot.term, vote: NONE, commit: snapshot.index } } = options;
    const election_ticks = options.election_ticks ?? 10;
    this.applyPerReady_max = options.applyPerReady_max ?? 4096;
    this.lastHardState = hardState;
    this.passedOn = new PassedOnIds(options.boot, options.random);
    this.core = {
      settings: {
        id: options.id,
        random: options.random,
        election_ticks,
        heartbeat_ticks: options.heartbeat_ticks ?? 1,
        append_bytes_max: options.append_bytes_max ?? 1 << 20,
        flow: { inflightMessages_max: options.inflightMessages_max ?? 256, inflight_bytes_max: options.inflight_bytes_max ?? 16 << 20 },
        rules: { ...RULES, ...options.rules },
        leaseReads: options.leaseReads ?? false,
      },
      log: new RaftLog(snapshot, options.entries ?? [], hardState.commit),
      term: hardState.term,
      vote: hardState.vote,
      leader: NONE,
      role: { kind: "follower" },
      conf: snapshot.conf,
      messages: [],
      afterPersist: [],
      reads: [],
      elapsed_ticks: 0,
      heartbeat_ticks: 0,
      timeout_ticks: 0,
      leaderSuspected: false,
      quiet_ticks: options.leaseReads ? (options.election_ticks ?? 10) : 0,
    };
    becomeFollower(this.core, hardState.term, NONE);
  }

  /** One unit of time has passed. */
  tick(): void {
    const { core } = this;
    if (core.role.kind === "leader") return tickLeader(core, core.role);
    core.elapsed_ticks++;
    if (core.quiet_ticks > 0) core.quiet_ticks--;
    if (core.elapsed_ticks >= core.timeout_ticks) this.campaign();
  }

  /** Takes a message from another member. Order, loss and duplication do not matter. */
  step(m: Message): void {
    const { core } = this;
    if (m.type === "vote" || m.type === "pre-vote") return answerVote(core, m);
    if (m.term > core.term) {
      // A granted pre-vote carries the term that was asked about; it is no one's term yet.
      if (!(m.type === "pre-vote-reply" && m.granted)) {
        const fromLeader = m.type === "append" || m.type === "heartbeat" || m.type === "snapshot";
        becomeFollower(core, m.term, fromLeader ? m.from : NONE);
      }
    } else if (m.term < core.term) {
      // A leader of an old term learns of the new one from the answer (paper §5.1).
      if (m.type === "append" || m.type === "heartbeat") this.answerStale(m.from);
      return;
    }
    switch (m.type) {
      case "append":
      case "heartbeat":
      case "snapshot": {
        assert(core.role.kind !== "leader", `two leaders in term ${core.term}: ${core.settings.id} and ${m.from}`);
        const before = core.log.offset;
        stepFollower(core, m);
        if (m.type === "snapshot" && core.log.offset !== before && core.log.offset === m.snapshot.index) this.pendingSnapshot = m.snapshot;
        return;
      }
      case "timeout-now":
        if (core.role.kind !== "leader" && mayCampaign(core)) campaign(core, "vote", true);
        return;
      default:
        if (core.role.kind === "leader") stepLeader(core, core.role, m);
        else if (core.role.kind === "follower") stepFollower(core, m);
        else stepCandidate(core, core.role, m);
    }
  }

  propose(proposals: readonly Proposal[]): Proposed {
    const { core } = this;
    if (core.role.kind === "leader") {
      if (core.role.transfer || !core.role.progress.has(core.settings.id)) return "busy";
      if (proposals.some((p) => p.kind === "conf") && !mayProposeConf(core, core.role)) return "busy";
      appendProposals(core, core.role, proposals);
      return "appended";
    }
    if (core.leader === NONE || core.leaderSuspected) return "no-leader";
    core.messages.push({ type: "propose", from: core.settings.id, to: core.leader, term: core.term, id: this.passedOn.next(), proposals });
    return "forwarded";
  }

  /** Asks for an index that makes a read linearizable; it comes back in `Ready.reads`, or never if messages are lost. */
  readIndex(id: number): boolean {
    const { core } = this;
    if (core.role.kind === "leader") requestRead(core, core.role, id, core.settings.id);
    else if (core.leader === NONE || core.leaderSuspected) return false;
    else core.messages.push({ type: "read", from: core.settings.id, to: core.leader, term: core.term, id });
    return true;
  }

  /** Asks for an election now; a pre-vote decides whether it comes to one. */
  campaign(): void {
    const { core } = this;
    if (core.role.kind === "leader") return;
    if (!mayCampaign(core)) {
      core.elapsed_ticks = 0;
      return;
    }
    campaign(core, "pre-vote", false);
  }

  /**
   * The leader's process is known to have ended: its lease counts no more, here
   * only; every other member decides for itself. A sign of life takes it back.
   * Follow with `campaign`. False when `id` is not the leader.
   */
  suspectLeader(id: NodeId): boolean {
    const { core } = this;
    // It may still be reading by its lease.
    if (core.settings.leaseReads) return false;
    if (core.leader === NONE || core.leader !== id || core.role.kind === "leader") return false;
    core.leaderSuspected = true;
    return true;
  }

  /** Is there nobody to follow: no leader known, or only one whose process has ended? */
  get leaderless(): boolean {
    return this.core.leader === NONE || this.core.leaderSuspected;
  }

  /** Time has passed that was not ticked: a lease may be over without having been noticed. */
  dropLease(): void {
    if (this.core.role.kind === "leader") this.core.role.lease?.drop();
  }

  transferLeader(to: NodeId): boolean {
    const { core } = this;
    return core.role.kind === "leader" && startTransfer(core, core.role, to);
  }

  hasReady(): boolean {
    const { core } = this;
    return (
      core.messages.length > 0 ||
      core.afterPersist.length > 0 ||
      core.reads.length > 0 ||
      this.pendingSnapshot !== undefined ||
      core.log.hasUnhanded() ||
      core.log.hasApplicable() ||
      (core.role.kind === "leader" && (core.role.broadcastDue || core.role.reads.due)) ||
      this.hardStateChanged()
    );
  }

  /** Everything due since the last call; see Ready for what to do with it. */
  ready(): Ready {
    const { core } = this;
    if (core.role.kind === "leader") flushLeader(core, core.role);
    const snapshot = this.pendingSnapshot;
    const entries = core.log.takeUnhanded();
    const before = this.lastHardState;
    const hardState = this.hardStateChanged() ? this.hardState : undefined;
    if (hardState) this.lastHardState = hardState;
    const { id } = core.settings;
    const ready: Ready = {
      token: ++this.token,
      snapshot,
      hardState,
      entries,
      mustSync:
        snapshot !== undefined ||
        entries.length > 0 ||
        (hardState && (hardState.term !== before.term || hardState.vote !== before.vote)) === true,
      messages: core.messages,
      afterPersist: core.afterPersist.filter((m) => m.to !== id),
      committed: snapshot ? [] : core.log.takeApplicable(this.applyPerReady_max),
      reads: core.reads,
    };
    const self = core.afterPersist.filter((m) => m.to === id);
    this.atDisk.push({ token: ready.token, index: core.log.lastIndex, term: core.log.lastTerm, self });
    this.pendingSnapshot = undefined;
    core.messages = [];
    core.afterPersist = [];
    core.reads = [];
    return ready;
  }

  /** All Readys up to `token` are durable. */
  persisted(token: number): void {
    const { core } = this;
    while (this.atDisk.length > 0 && this.atDisk[0]!.token <= token) {
      const { index, term, self } = this.atDisk.shift()!;
      core.log.persistedTo(index, term);
      for (const m of self) this.step(m);
    }
    if (core.role.kind === "leader") acknowledgeOwn(core, core.role);
  }

  /** A committed conf entry is applied: the membership changes now. */
  applyConf(change: ConfChange): Conf {
    const { core } = this;
    core.conf = applyChange(core.conf, change);
    if (core.role.kind === "leader") {
      if (isVoter(core.conf, core.settings.id)) adoptConf(core, core.role);
      // Its followers have been sent the commit index already (dissertation §4.2.2).
      else becomeFollower(core, core.term, NONE);
    }
    return core.conf;
  }

  /** The application's snapshot covers everything up to `index`. */
  compact(index: number): void {
    this.core.log.compact(index);
  }

  /** A member could not be reached: stop sending it things optimistically. */
  reportUnreachable(id: NodeId): void {
    const progress = this.progressOf(id);
    if (progress?.sending.kind === "replicate") progress.probe();
  }

  /** What became of a snapshot message: delivered up to `index`, or not. */
  reportSnapshot(id: NodeId, index: number | undefined): void {
    const progress = this.progressOf(id);
    if (progress?.sending.kind !== "snapshot") return;
    if (index === undefined) progress.snapshotFailed();
    else {
      progress.waitForSnapshot(index);
      progress.probe();
    }
  }

  get conf(): Conf {
    return this.core.conf;
  }

  get leader(): NodeId {
    return this.core.leader;
  }

  get term(): number {
    return this.core.term;
  }

  get role(): Status["role"] {
    return this.core.role.kind;
  }

  /** What is durable when all Readys are. */
  get hardState(): HardState {
    const { term, vote, log } = this.core;
    return { term, vote, commit: log.committed };
  }

  /** A leader's view of each member; undefined on others. */
  get progress(): ReadonlyMap<NodeId, Progress> | undefined {
    return this.core.role.kind === "leader" ? this.core.role.progress : undefined;
  }

  get log(): Pick<
    RaftLog,
    "firstIndex" | "lastIndex" | "offset" | "offsetTerm" | "committed" | "applied" | "persisted" | "termAt" | "slice" | "bytes"
  > {
    return this.core.log;
  }

  status(): Status {
    const { settings, role, term, vote, leader, log } = this.core;
    return {
      id: settings.id,
      role: role.kind,
      term,
      vote,
      leader,
      committed: log.committed,
      applied: log.applied,
      lastIndex: log.lastIndex,
    };
  }

  private progressOf(id: NodeId): Progress | undefined {
    return this.core.role.kind === "leader" ? this.core.role.progress.get(id) : undefined;
  }

  private answerStale(to: NodeId): void {
    const { core } = this;
    const term = core.term;
    core.afterPersist.push({
      type: "append-reply",
      from: core.settings.id,
      to,
      term,
      index: 0,
      rejected: true,
      hintIndex: 0,
      hintTerm: 0,
    });
  }

  private hardStateChanged(): boolean {
    const { core, lastHardState: last } = this;
    return core.term !== last.term || core.vote !== last.vote || core.log.committed !== last.commit;
  }
}
