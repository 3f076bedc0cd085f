import type { Clock, Logger, Random, Timer } from "@flotilla/base";
import { type Entry, type InstallSnapshot, type Message, NONE, type NodeId, type RawNode, type Ready } from "@flotilla/raft";
import { type CommandKind, decodeCommand } from "../codec/command.ts";
import { Outbox } from "../peer/outbox.ts";
import type { PeerTransport } from "../peer/transport.ts";
import type { Wal } from "../storage/wal.ts";
import { rpcError, toRpcError } from "./errors.ts";
import { campaignDelay_ms, quorumConnected } from "./hints.ts";
import type { ConfEntry, Machine, Result } from "./machine.ts";
import { Proposals } from "./proposals.ts";
import { Reads } from "./reads.ts";

export interface ReplicaPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly node: RawNode;
  readonly wal: Wal;
  readonly peers: PeerTransport;
  readonly machine: Machine;
  /** Runs `fn` after the events that are already waiting (setImmediate). */
  readonly defer: (fn: () => void) => void;
}

export interface ReplicaEvents {
  /** Raft wants a follower to get a snapshot; report back with `node.reportSnapshot`. */
  sendSnapshot(message: InstallSnapshot): void;
  /** Raft took the snapshot that was stepped in: give the machine that was read from it. */
  takeInstalled(index: number): Machine;
  /** Committed entries were taken in; how long that took. */
  applied(took_ms: number): void;
  leaderChanged(leader: NodeId): void;
  removed(): void;
}

const TICK_MS_MAX = 50;
const ROUND_MS = 100;
/** An election takes two syncs and two messages; then whoever won is heard. */
const ELECTION_MS = 150;
const SWEEP_VERSIONS = 4000;
const READYS_PER_TURN_MAX = 16;

/**
 * One member at work: the thin loop between Raft, disk, peers and machine.
 *
 * Each turn takes everything that has come in since the last one: proposals
 * become one append, messages to a peer one frame, Readys that wait for the disk
 * share one sync. Invariants:
 *  1. promises (`afterPersist`) leave only after their Ready is durable
 *  2. a client hears of a write only after it is applied, hence committed
 *  3. nothing here decides: RawNode decides on replication, Machine on state
 */
export class Replica {
  readonly node: RawNode;
  readonly machine: Machine;
  readonly proposals: Proposals;
  readonly reads: Reads;
  events!: ReplicaEvents;
  private readonly ports: ReplicaPorts;
  private readonly self: NodeId;
  private timer: Timer | undefined;
  private scheduled = false;
  private stopped = false;
  private ticks = 0;
  private ticked_ms = 0;
  private candidateRounds = 0;
  /** The leader whose process is known to have ended. */
  private gone: NodeId = NONE;
  private leader: NodeId = NONE;
  private leads = false;
  /** When this member last voted for another. */
  private voted_ms = Number.NEGATIVE_INFINITY;
  private readonly extend_ms: number;
  private readonly tick_ms: number;
  private campaignTimer: Timer | undefined;
  private readonly outbox = new Outbox((messages) => {
    for (const id of this.ports.peers.send(messages)) this.node.reportUnreachable(id);
  });

  constructor(ports: ReplicaPorts, boot: number, election_ms: number, tick_ms: number) {
    this.tick_ms = tick_ms;
    this.ports = ports;
    this.node = ports.node;
    this.machine = ports.machine;
    this.self = ports.node.status().id;
    this.proposals = new Proposals(this.self, boot);
    this.reads = new Reads(boot);
    this.extend_ms = election_ms;
    ports.peers.events = {
      up: () => {
        this.hint();
        this.schedule();
      },
      down: (id, refused) => {
        this.node.reportUnreachable(id);
        if (refused && id === this.node.leader && id !== this.gone) this.leaderGone(id);
      },
      // A removed id never comes back, so one member that knows of it is enough.
      expelled: () => this.events.removed(),
    };
  }

  start(): void {
    this.timer = this.ports.clock.setInterval(() => this.tick(), this.tick_ms);
    this.hint();
    this.schedule();
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
    this.campaignTimer?.cancel();
    this.proposals.failAll(rpcError("stopped"));
    this.reads.failAll(rpcError("stopped"));
  }

  get leaderId(): NodeId {
    return this.node.leader;
  }

  get isLeader(): boolean {
    return this.leads;
  }

  /** Replicates a command; `done` runs when it is applied here, or failed. */
  propose(kind: CommandKind, payload: Buffer, decoded: unknown, done: (result: Result | Error) => void): void {
    if (this.stopped) return done(rpcError("stopped"));
    this.proposals.submit(kind, payload, decoded, this.ports.clock.monotonic(), done);
    this.schedule();
  }

  proposeConf(entry: Omit<ConfEntry, "origin" | "sequence">): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (result: Result | Error) => (result instanceof Error ? reject(result) : resolve());
      this.proposals.submitConf(entry, this.ports.clock.monotonic(), done);
      this.schedule();
    });
  }

  /** Runs `run` when this member has applied everything that was committed before this call (§6.4). */
  linearizable(run: (error: Error | undefined) => void): void {
    if (this.stopped) return run(rpcError("stopped"));
    this.reads.request(this.ports.clock.monotonic(), run);
    this.schedule();
  }

  step(messages: readonly Message[]): void {
    if (this.stopped) return;
    this.noticePause();
    for (const m of messages) this.node.step(m);
    this.schedule();
  }

  /** Something may be due: look in the next turn. */
  schedule(): void {
    if (this.scheduled || this.stopped) return;
    this.scheduled = true;
    this.ports.defer(() => this.turn());
  }

  private turn(): void {
    this.scheduled = false;
    if (this.stopped) return;
    const { node, machine } = this;
    this.noticePause();
    if (this.leaderInReach()) {
      this.proposals.flush(node);
      this.reads.flush(node, this.ports.clock.monotonic());
    }
    for (let n = 0; n < READYS_PER_TURN_MAX && node.hasReady(); n++) this.handle(node.ready());
    this.noticeLeader();
    machine.watch.publish();
    const lagging = machine.watch.lagging > 0 && machine.watch.catchUp();
    if (lagging || node.hasReady()) this.schedule();
  }

  /** Ticks are missing after a pause of the process: what a leader's lease rests on may be over. */
  private noticePause(): void {
    if (this.ports.clock.monotonic() - this.ticked_ms > 2 * this.tick_ms) this.node.dropLease();
  }

  /** What is passed on must not be dropped on the way: without a link it waits here. */
  private leaderInReach(): boolean {
    return this.node.role === "leader" || this.ports.peers.isUp(this.node.leader);
  }

  private handle(ready: Ready): void {
    const { node, machine, ports } = this;
    if (ready.snapshot) {
      machine.become(this.events.takeInstalled(ready.snapshot.index));
      this.proposals.passedOver(machine.appliedTerm);
      if (this.leads) machine.lessor.promote(ports.clock.monotonic(), this.extend_ms);
      ports.peers.sync(machine.members.values());
    }
    this.send(ready.messages);
    this.persist(ready);
    // On their way before anything else is done here: the others write to their disks meanwhile.
    this.outbox.flush();
    const from_ms = ports.clock.monotonic();
    for (const entry of ready.committed) this.apply(entry);
    if (ready.committed.length > 0) this.events.applied(ports.clock.monotonic() - from_ms);
    for (const { id, index } of ready.reads) this.reads.indexed(id, index);
    if (ready.reads.length > 0 || ready.committed.length > 0 || ready.snapshot) this.reads.release(machine.applied);
    if (ready.reads.length > 0 && this.leaderInReach()) this.reads.flush(node, ports.clock.monotonic());
  }

  private persist(ready: Ready): void {
    const { wal } = this.ports;
    const done = () => {
      this.node.persisted(ready.token);
      if (ready.afterPersist.length > 0) this.send(ready.afterPersist);
    };
    // A new commit index alone is a hint and may wait for company; not when it changes the membership:
    // a member that forgot that would ask for votes where nobody is any more.
    const changes = ready.committed.some((entry) => entry.kind === "conf");
    if (!ready.mustSync && !changes && wal.idle) return done();
    const hardState = changes ? this.node.hardState : ready.hardState;
    const restored = ready.snapshot && { index: ready.snapshot.index, term: ready.snapshot.term };
    wal.append({ hardState, entries: ready.entries, restored, sync: ready.mustSync || changes }, () => {
      if (this.stopped) return;
      done();
      this.schedule();
    });
  }

  private send(messages: readonly Message[]): void {
    if (messages.length === 0) return;
    const wire = messages.filter((m) => {
      if (m.type === "snapshot") this.events.sendSnapshot(m);
      if (m.type === "vote-reply" && m.granted) this.voted_ms = this.ports.clock.monotonic();
      return m.type !== "snapshot";
    });
    this.outbox.add(wire);
  }

  private apply(entry: Entry): void {
    const { machine } = this;
    machine.applied = entry.index;
    if (entry.term > machine.appliedTerm) {
      machine.appliedTerm = entry.term;
      this.proposals.termStarted(entry.term);
    }
    if (entry.kind === "conf") return this.applyConf(entry);
    if (entry.data.length === 0) return;
    const command = decodeCommand(entry.data);
    const pending = command.origin === this.self ? this.proposals.take(command.sequence) : undefined;
    let result: Result | Error;
    try {
      result = machine.apply(command, pending?.decoded, this.ports.clock.monotonic());
      if (command.kind === "publish") this.ports.peers.sync(machine.members.values());
    } catch (error) {
      // A refused command is refused on every member alike.
      result = toRpcError(error) as Error;
    }
    if (pending) this.answer(() => pending.done(result));
  }

  /** What goes wrong while a client is answered is that client's misfortune, not the log's. */
  private answer(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.ports.log.error("answer failed", { error });
    }
  }

  private applyConf(entry: Entry): void {
    const change = JSON.parse(Buffer.from(entry.data).toString()) as ConfEntry;
    const pending = change.origin === this.self ? this.proposals.take(change.sequence) : undefined;
    try {
      this.node.applyConf({ steps: change.steps });
      this.machine.applyConf(change);
    } catch (error) {
      pending?.done(error as Error);
      return;
    }
    this.ports.peers.sync(this.machine.members.values());
    this.ports.log.info("membership changed", { steps: change.steps, voters: this.node.conf.voters });
    pending?.done({ kind: "done" });
    if (this.machine.removed.has(this.self)) this.events.removed();
  }

  private tick(): void {
    this.ticks++;
    this.node.tick();
    const now_ms = this.ports.clock.monotonic();
    this.ticked_ms = now_ms;
    if (this.ticks % Math.ceil(ROUND_MS / this.tick_ms) === 0) {
      this.hint();
      this.proposals.expire(now_ms, this.node.term);
    }
    this.reads.tick(now_ms);
    if (this.machine.store.sweep(SWEEP_VERSIONS) || this.proposals.queued || this.node.hasReady()) this.schedule();
  }

  private noticeLeader(): void {
    const { node, ports } = this;
    const leads = node.role === "leader";
    if (leads !== this.leads) {
      this.leads = leads;
      if (leads) this.machine.lessor.promote(ports.clock.monotonic(), this.extend_ms);
      else this.machine.lessor.demote();
    }
    if (node.leader === this.leader) return;
    this.leader = node.leader;
    this.gone = NONE;
    if (node.leader !== NONE) {
      ports.log.info("leader elected", { leader: this.machine.members.get(node.leader)?.name ?? node.leader, term: node.term });
      this.reads.restart();
    } else ports.log.info("leader lost", { term: node.term });
    this.events.leaderChanged(node.leader);
    this.schedule();
  }

  private leaderGone(id: NodeId): void {
    const { node, ports } = this;
    this.gone = id;
    if (!node.suspectLeader(id)) return;
    const delay_ms = campaignDelay_ms(this.self, node.conf, id, ports.random);
    ports.log.info("leader's process has ended", { leader: this.machine.members.get(id)?.name ?? id, campaignIn_ms: delay_ms });
    this.campaignIn(delay_ms);
  }

  /** After a start, or when an election failed: no need to wait for the time-out if enough members are there. */
  private hint(): void {
    const { node, ports } = this;
    if (!node.leaderless) return;
    // Votes may be on their way; but after two rounds they are split, and waiting out the time-out helps nobody.
    this.candidateRounds = node.role === "candidate" ? this.candidateRounds + 1 : 0;
    if (this.candidateRounds === 1 || this.candidateRounds === 2) return;
    if (!quorumConnected(this.self, node.conf, (id) => ports.peers.isUp(id))) return;
    if (!this.campaignTimer) this.campaignIn(campaignDelay_ms(this.self, node.conf, node.leader, ports.random));
  }

  private campaignIn(delay_ms: number): void {
    this.campaignTimer?.cancel();
    this.campaignTimer = this.ports.clock.setTimeout(() => {
      this.campaignTimer = undefined;
      // An election that this member has just voted in is given the time to end: the winner would be deposed at once.
      if (!this.node.leaderless || this.ports.clock.monotonic() - this.voted_ms < ELECTION_MS) return;
      this.node.campaign();
      this.schedule();
    }, delay_ms);
  }
}

/** Two ticks a heartbeat, but not more often than anyone needs: a tick costs even when nothing happens. */
export const tickOf = (heartbeat_ms: number) => Math.min(TICK_MS_MAX, heartbeat_ms / 2);
