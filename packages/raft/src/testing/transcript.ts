import { seededRandom } from "@flotilla/base";
import type { Command } from "@flotilla/testing/datadriven.ts";
import type { ConfStep } from "../conf-change.ts";
import type { Entry, HardState, InstallSnapshot, Message, NodeId, SnapshotMeta } from "../message.ts";
import type { NodeOptions } from "../node-options.ts";
import type { Progress } from "../progress.ts";
import { RawNode } from "../raw-node.ts";

interface SimpleDisk {
  hardState: HardState | undefined;
  entries: Entry[];
  snapshot?: SnapshotMeta;
}

/**
 * A cluster driven by hand, for the transcripts in testdata: every command
 * prints what happened. Disks are instant; messages wait until `deliver`.
 */
export class TranscriptCluster {
  private readonly nodes = new Map<NodeId, RawNode>();
  private readonly disks = new Map<NodeId, SimpleDisk>();
  private queue: Message[] = [];
  private first!: SnapshotMeta;
  private out: string[] = [];
  private options: Partial<NodeOptions> = {};

  run(command: Command): string {
    this.out = [];
    const { name, args, options } = command;
    const [id = 0, second = 0] = args.map(Number);
    switch (name) {
      case "cluster":
        this.options = {
          inflightMessages_max: Number(options.get("inflight") ?? 256),
          leaseReads: options.has("lease-reads"),
          append_bytes_max: Number(options.get("append-bytes") ?? 1 << 20),
        };
        this.create(id, Number(options.get("learners") ?? 0));
        break;
      case "campaign":
        this.node(id).campaign();
        break;
      case "tick":
        for (let i = 0; i < (second || 1); i++) this.node(id).tick();
        break;
      case "propose":
        this.out.push(this.node(id).propose([{ kind: "normal", data: Buffer.from(args[1]!) }]));
        break;
      case "change":
        this.change(id, args.slice(1));
        break;
      case "read":
        this.out.push(this.node(id).readIndex(second) ? "asked" : "no leader");
        break;
      case "transfer":
        this.out.push(this.node(id).transferLeader(second) ? "started" : "refused");
        break;
      case "leader-gone":
        this.node(id).suspectLeader(second);
        this.node(id).campaign();
        break;
      case "suspect":
        this.node(id).suspectLeader(second);
        break;
      case "compact":
        this.node(id).compact(second);
        this.out.push(`log of ${id} begins at ${this.node(id).log.firstIndex}`);
        break;
      case "report":
        // What became of a snapshot that was sent: its index, or that it failed.
        this.node(id).reportSnapshot(second, args[2] === "failed" ? undefined : Number(args[2]));
        break;
      case "progress":
        for (const [member, p] of this.node(id).progress ?? []) if (member !== id) this.out.push(describeProgress(member, p));
        break;
      case "repeat":
        // What is on its way arrives twice.
        this.queue.push(...this.queue.filter((m) => matches(m, options)));
        break;
      case "restart":
        this.restart(id);
        break;
      case "ready":
        this.ready(id);
        break;
      case "deliver":
        this.deliver(options);
        break;
      case "drop":
        this.queue = this.queue.filter((m) => !matches(m, options));
        break;
      case "settle":
        this.settle(options);
        break;
      case "status":
        for (const node of this.nodes.values()) this.out.push(describe(node));
        break;
      default:
        throw new Error(`${command.at}: unknown command ${name}`);
    }
    return this.out.join("\n");
  }

  private create(size: number, learners: number): void {
    const voters = Array.from({ length: size }, (_, i) => i + 1);
    const ids = Array.from({ length: learners }, (_, i) => size + 1 + i);
    this.first = { index: 1, term: 1, conf: { voters, outgoing: [], learners: ids, learnersNext: [] } };
    for (const id of [...voters, ...ids]) this.disks.set(id, { hardState: undefined, entries: [] });
    for (const id of this.disks.keys()) this.restart(id);
  }

  private restart(id: NodeId): void {
    if (!this.disks.has(id)) this.disks.set(id, { hardState: undefined, entries: [] });
    const { hardState, entries } = this.disks.get(id)!;
    const joined = this.first.conf.voters.includes(id) || this.first.conf.learners.includes(id);
    const nobody = { index: 0, term: 0, conf: { voters: [], outgoing: [], learners: [], learnersNext: [] } };
    const snapshot = this.disks.get(id)!.snapshot ?? (joined ? this.first : nobody);
    this.nodes.set(id, new RawNode({ id, random: seededRandom(id), snapshot, hardState, entries, ...this.options }));
  }

  /** Handles all Readys of one node. */
  private ready(id: NodeId): void {
    const node = this.node(id);
    const disk = this.disks.get(id)!;
    while (node.hasReady()) {
      const r = node.ready();
      if (r.hardState) disk.hardState = r.hardState;
      if (r.snapshot) Object.assign(disk, { snapshot: r.snapshot, entries: [] });
      for (const e of r.entries) disk.entries = [...disk.entries.filter((old) => old.index < e.index), e];
      if (r.hardState && r.mustSync) this.out.push(`${id} keeps term ${r.hardState.term}, vote ${r.hardState.vote}`);
      if (r.entries.length > 0) this.out.push(`${id} writes ${r.entries.map(short).join(" ")}`);
      if (r.snapshot) this.out.push(`${id} installs the snapshot at ${r.snapshot.index}`);
      for (const m of [...r.messages, ...r.afterPersist]) this.out.push(`  ${show(m)}`);
      node.persisted(r.token);
      for (const e of r.committed) this.apply(id, node, e);
      this.queue.push(...[...r.messages, ...r.afterPersist].map((m) => (m.type === "snapshot" ? this.carry(node, m) : m)));
      for (const { id: read, index } of r.reads) this.out.push(`${id} may serve read ${read} at ${index}`);
    }
  }

  /** A snapshot travels with what its sender has applied by now. */
  private carry(node: RawNode, m: InstallSnapshot): InstallSnapshot {
    const index = node.log.applied;
    return { ...m, snapshot: { index, term: node.log.termAt(index)!, conf: node.conf } };
  }

  private apply(id: NodeId, node: RawNode, e: Entry): void {
    this.out.push(`${id} applies ${short(e)}`);
    if (e.kind !== "conf") return;
    const conf = node.applyConf({ steps: JSON.parse(Buffer.from(e.data).toString()) as ConfStep[] });
    const joint = conf.outgoing.length ? ` and ${conf.outgoing.join(",")}` : "";
    this.out.push(
      `${id} has voters ${conf.voters.join(",")}${joint}${conf.learners.length ? `, learners ${conf.learners.join(",")}` : ""}`,
    );
  }

  private deliver(options: ReadonlyMap<string, string>): void {
    const due = this.queue.filter((m) => matches(m, options));
    this.queue = this.queue.filter((m) => !matches(m, options));
    for (const m of due) this.nodes.get(m.to)?.step(m);
  }

  /** Delivers and handles until nothing moves; `without=3` leaves a member out. */
  private settle(options: ReadonlyMap<string, string>): void {
    const without = (options.get("without") ?? "").split(",").map(Number);
    for (let round = 0; round < 100; round++) {
      for (const id of this.nodes.keys()) if (!without.includes(id)) this.ready(id);
      if (this.queue.length === 0) return;
      const due = this.queue;
      this.queue = [];
      for (const m of due) if (!without.includes(m.to) && !without.includes(m.from)) this.nodes.get(m.to)?.step(m);
    }
    throw new Error("does not settle");
  }

  private change(id: NodeId, words: readonly string[]): void {
    const steps: ConfStep[] = words.map((word) => {
      const number = Number(word.slice(1));
      return { op: word[0] === "+" ? "add-voter" : word[0] === "l" ? "add-learner" : "remove", id: number };
    });
    this.out.push(this.node(id).propose([{ kind: "conf", data: Buffer.from(JSON.stringify(steps)) }]));
  }

  private node(id: NodeId): RawNode {
    const node = this.nodes.get(id);
    if (!node) throw new Error(`no member ${id}`);
    return node;
  }
}

const matches = (m: Message, options: ReadonlyMap<string, string>) =>
  (!options.has("from") || m.from === Number(options.get("from"))) &&
  (!options.has("to") || m.to === Number(options.get("to"))) &&
  (!options.has("type") || m.type === options.get("type"));

const short = (e: Entry) => `${e.index}/${e.term}${e.data.length ? `:${e.kind === "conf" ? "conf" : Buffer.from(e.data).toString()}` : ""}`;

function describeProgress(member: NodeId, { match, next, sending }: Progress): string {
  const how = {
    probe: () => (sending.kind === "probe" && sending.waiting ? "probing, waiting" : "probing"),
    replicate: () => (sending.kind === "replicate" ? `replicating, ${sending.inflight.length} in flight` : ""),
    snapshot: () => (sending.kind === "snapshot" ? `waiting for the snapshot at ${sending.index}` : ""),
  }[sending.kind]();
  return `${member}: match ${match}, next ${next}, ${how}`;
}

function describe(node: RawNode): string {
  const s = node.status();
  return `${s.id} ${s.role} term ${s.term} leader ${s.leader} committed ${s.committed} last ${s.lastIndex}`;
}

function show(m: Message): string {
  const head = `${m.from}->${m.to} ${m.type} term ${m.term}`;
  switch (m.type) {
    case "vote":
    case "pre-vote":
      return `${head} log ${m.lastIndex}/${m.lastTerm}${m.transfer ? " transfer" : ""}`;
    case "vote-reply":
    case "pre-vote-reply":
      return `${head} ${m.granted ? "granted" : "refused"}`;
    case "append":
      return `${head} after ${m.prevIndex}/${m.prevTerm} commit ${m.commit}${m.entries.length ? ` [${m.entries.map(short).join(" ")}]` : ""}`;
    case "append-reply":
      return m.rejected ? `${head} refused ${m.index} hint ${m.hintIndex}/${m.hintTerm}` : `${head} has ${m.index}`;
    case "heartbeat":
      return `${head} commit ${m.commit} round ${m.readRound}`;
    case "heartbeat-reply":
      return `${head} round ${m.readRound}`;
    case "snapshot":
      return `${head} at ${m.snapshot.index}/${m.snapshot.term}`;
    case "timeout-now":
      return head;
    case "read":
      return `${head} id ${m.id}`;
    case "read-reply":
      return `${head} id ${m.id} index ${m.index}`;
    case "propose":
      return `${head} ${m.proposals.length}`;
  }
}
