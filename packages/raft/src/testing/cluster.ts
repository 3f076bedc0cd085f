import { type Random, randomInt, seededRandom } from "@flotilla/base";
import { QUIET, SimNetwork } from "@flotilla/testing/sim/network.ts";
import type { ConfStep } from "../conf-change.ts";
import type { Message, NodeId, SnapshotMeta } from "../message.ts";
import type { Rules } from "../rules.ts";
import { Checker, Violation } from "./checker.ts";
import { SimMember } from "./member.ts";

export interface SimOptions {
  readonly seed: number;
  readonly steps: number;
  readonly members?: number;
  readonly rules?: Partial<Rules>;
  readonly ackBeforeSync?: boolean;
  readonly membershipChanges?: boolean;
  /** Leaders fall again and again, often before their first entry is committed (paper, figure 8). */
  readonly storm?: boolean;
  /** Leaders read by lease. */
  readonly leaseReads?: boolean;
  /** Gets a line for whatever happens. */
  readonly print?: (line: string) => void;
}

export interface SimResult {
  readonly acknowledged: number;
  readonly terms: number;
}

const ROUGH = { loss: 0.05, duplication: 0.05, delay_steps_max: 6 };
const HEAL_STEPS = 600;
/** One tick of the nodes takes this many steps of the network. */
const STEPS_PER_TICK = 4;

/** One run: a cluster under faults for `steps`, then healed; every property is checked all along. @throws Violation */
export function simulate(options: SimOptions): SimResult {
  return new SimCluster(options).run();
}

class SimCluster {
  private readonly random: Random;
  private readonly network: SimNetwork<Message>;
  private readonly members: SimMember[];
  private readonly checker = new Checker();
  private readonly options: SimOptions;
  /** read id → what was acknowledged when it was asked for. */
  private readonly reads = new Map<number, number>();
  private proposals = 0;
  private now = 0;
  /** What was last said of each member's role and term. */
  private readonly said = new Map<NodeId, string>();
  private nextRead = 0;

  constructor(options: SimOptions) {
    this.options = options;
    this.random = seededRandom(options.seed);
    this.network = new SimNetwork(this.random);
    this.network.faults = ROUGH;
    const size = options.members ?? (this.random.next() < 0.7 ? 3 : 5);
    const voters = Array.from({ length: size }, (_, i) => i + 1);
    const first: SnapshotMeta = { index: 1, term: 1, conf: { voters, outgoing: [], learners: [], learnersNext: [] } };
    const memberOptions = {
      random: this.random,
      rules: options.rules ?? {},
      leaseReads: options.leaseReads ?? false,
      ackBeforeSync: options.ackBeforeSync ?? false,
      append_bytes_max: options.storm ? 1 : 64,
    };
    const hooks = {
      send: (m: Message) => this.network.send(m.from, m.to, m),
      read: (m: SimMember, id: number, index: number) => this.answered(m, id, index),
    };
    // Two spare machines, for membership changes; they start outside of the cluster.
    const ids = options.membershipChanges ? [...voters, size + 1, size + 2] : voters;
    this.members = ids.map((id) => {
      const origin = voters.includes(id)
        ? first
        : { index: 0, term: 0, conf: { voters: [], outgoing: [], learners: [], learnersNext: [] } };
      return new SimMember(id, origin, memberOptions, hooks);
    });
    for (const m of this.members) {
      m.disk.sync_steps_max = 4;
      m.start();
    }
  }

  run(): SimResult {
    for (let step = 0; step < this.options.steps; step++) {
      this.now = step;
      this.disturb();
      this.work();
      this.step(step);
    }
    this.heal();
    return { acknowledged: this.checker.acknowledged, terms: Math.max(...this.members.map((m) => m.node!.term)) };
  }

  private step(step: number): void {
    for (const { to, message } of this.network.step()) this.member(to)?.step(message);
    for (const m of this.members) {
      if (step % STEPS_PER_TICK === m.id % STEPS_PER_TICK) m.node?.tick();
      m.disk.step();
      m.run();
    }
    if (this.options.print) this.tell();
    this.checker.observe(this.members);
  }

  private note(who: NodeId | string, what: string): void {
    this.options.print?.(`${String(this.now).padStart(6)} ${String(who).padEnd(3)} ${what}`);
  }

  /** Roles, terms and commits that have changed in this step. */
  private tell(): void {
    for (const { id, node } of this.members) {
      const now = node ? `${node.role} in term ${node.term}, log to ${node.log.lastIndex}, committed ${node.log.committed}` : "down";
      if (this.said.get(id) === now) continue;
      this.said.set(id, now);
      this.note(id, now);
    }
  }

  private disturb(): void {
    const chance = (p: number) => this.random.next() < p;
    const any = this.members[randomInt(this.random, this.members.length)]!;
    if (chance(0.004) && any.up) any.crash();
    if (chance(0.02) && !any.up) any.start();
    if (chance(0.003)) this.cutSomewhere();
    if (chance(0.01)) this.network.heal();
    if (chance(0.004)) any.compact();
    if (chance(0.002)) any.node?.campaign();
    if (chance(0.002)) any.node?.transferLeader(1 + randomInt(this.random, this.members.length));
    if (chance(0.003) && any.node?.suspectLeader(any.node.leader)) any.node.campaign();
    if (this.options.membershipChanges && chance(0.01)) this.changeMembers(any);
    if (this.options.storm) this.storm(chance);
  }

  private storm(chance: (p: number) => boolean): void {
    for (const m of this.members) {
      if (m.node?.role === "leader" && chance(0.04)) m.crash();
      else if (!m.up && chance(0.03)) m.start();
    }
    if (chance(0.03)) this.cutSomewhere();
    if (chance(0.03)) this.network.heal();
  }

  private work(): void {
    const any = this.members[randomInt(this.random, this.members.length)]!;
    if (!any.node) return;
    if (this.random.next() < 0.3) any.node.propose([{ kind: "normal", data: Buffer.from(`p${this.proposals++}`) }]);
    if (this.random.next() < 0.1) {
      this.reads.set(this.nextRead, this.checker.acknowledged);
      any.node.readIndex(this.nextRead++);
    }
  }

  private answered(member: SimMember, id: number, index: number): void {
    const before = this.reads.get(id);
    if (before !== undefined) this.checker.read(member.id, index, before);
  }

  private cutSomewhere(): void {
    const ids = this.members.map((m) => m.id);
    const one = ids[randomInt(this.random, ids.length)]!;
    const rest = ids.filter((id) => id !== one);
    this.note(one, "is cut off, one way or both");
    if (this.random.next() < 0.5) this.network.partition([one], rest);
    else for (const other of rest) this.network.cut(this.random.next() < 0.5 ? one : other, this.random.next() < 0.5 ? other : one);
  }

  private changeMembers(member: SimMember): void {
    const { node } = member;
    if (node?.role !== "leader") return;
    const id: NodeId = 1 + randomInt(this.random, this.members.length);
    const op = (["add-voter", "add-learner", "remove"] as const)[randomInt(this.random, 3)]!;
    const steps: ConfStep[] = node.conf.outgoing.length > 0 ? [] : [{ op, id }];
    if (steps.length > 0 && this.random.next() < 0.3) {
      const other = 1 + (id % this.members.length);
      steps.push({ op: "add-voter", id: other });
    }
    if (op === "remove" && node.conf.voters.length <= 2) return;
    this.note(
      member.id,
      `proposes ${steps.length === 0 ? "to leave the joint configuration" : steps.map((s) => `${s.op} ${s.id}`).join(", ")}`,
    );
    node.propose([{ kind: "conf", data: Buffer.from(JSON.stringify(steps)) }]);
  }

  /** Without faults the cluster must find a leader, go on, and agree. */
  private heal(): void {
    this.note("-", "no faults from here on");
    this.network.heal();
    this.network.faults = QUIET;
    for (const m of this.members) if (!m.up) m.start();
    const before = this.checker.acknowledged;
    for (let step = 0; step < HEAL_STEPS; step++) {
      this.now = this.options.steps + step;
      if (step % 20 === 0 && step < HEAL_STEPS - 150) {
        // One that is leaving by a joint change leads until that is over.
        const leads = ({ id, node }: SimMember) => node?.role === "leader" && [...node.conf.voters, ...node.conf.outgoing].includes(id);
        const leader = this.members.find(leads);
        leader?.node?.propose([{ kind: "normal", data: Buffer.from(`h${step}`) }]);
      }
      this.step(step);
    }
    if (this.checker.acknowledged <= before) throw new Violation("liveness: the healed cluster commits nothing");
    const leader = this.members.find((m) => m.node?.role === "leader" && m.applied === this.checker.acknowledged);
    if (!leader) throw new Violation("liveness: the healed cluster has no leader that applied everything");
    for (const m of this.members) {
      if (!leader.node!.conf.voters.includes(m.id)) continue;
      if (m.applied !== leader.applied || m.state.join() !== leader.state.join()) {
        throw new Violation(`liveness: member ${m.id} has applied ${m.applied} of ${leader.applied}`);
      }
    }
  }

  private member(id: NodeId): SimMember | undefined {
    return this.members.find((m) => m.id === id && m.up);
  }
}
