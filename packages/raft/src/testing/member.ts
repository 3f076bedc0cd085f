import type { Random } from "@flotilla/base";
import { SimDisk } from "@flotilla/testing/sim/disk.ts";
import type { ConfChange, ConfStep } from "../conf-change.ts";
import type { Conf, Entry, HardState, Message, NodeId, SnapshotMeta } from "../message.ts";
import { RawNode } from "../raw-node.ts";
import type { Ready } from "../ready.ts";
import type { Rules } from "../rules.ts";

/** What one Ready puts on the disk. */
interface Write {
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  readonly snapshot: Snapshot | undefined;
}

/** The application's state: the data of all normal entries, in order. */
export interface Snapshot {
  readonly meta: SnapshotMeta;
  readonly state: readonly string[];
}

export interface MemberOptions {
  readonly random: Random;
  readonly rules: Partial<Rules>;
  /** A planted bug: answers leave before the disk has what they promise. */
  readonly ackBeforeSync: boolean;
  readonly leaseReads: boolean;
  readonly append_bytes_max: number;
}

export interface Hooks {
  send(message: Message): void;
  read(member: SimMember, id: number, index: number): void;
}

/** One member of a simulated cluster: a node, its disk, and a list as its application. */
export class SimMember {
  readonly id: NodeId;
  readonly disk: SimDisk<Write>;
  node: RawNode | undefined;
  /** Applied data, and up to which index. */
  state: string[] = [];
  applied = 0;
  private conf: Conf;
  private starts = 0;
  private readonly options: MemberOptions;
  private readonly hooks: Hooks;
  private readonly first: SnapshotMeta;

  constructor(id: NodeId, first: SnapshotMeta, options: MemberOptions, hooks: Hooks) {
    this.id = id;
    this.first = first;
    this.conf = first.conf;
    this.options = options;
    this.hooks = hooks;
    this.disk = new SimDisk(options.random);
  }

  get up(): boolean {
    return this.node !== undefined;
  }

  /** Starts from what the disk has. */
  start(): void {
    let hardState: HardState | undefined;
    let snapshot: Snapshot = { meta: this.first, state: [] };
    let entries: Entry[] = [];
    for (const write of this.disk.contents()) {
      if (write.hardState) hardState = write.hardState;
      if (write.snapshot) {
        snapshot = write.snapshot;
        entries = entries.filter((e) => e.index > snapshot.meta.index);
        if (entries[0] && entries[0].index !== snapshot.meta.index + 1) entries = [];
      }
      for (const e of write.entries) {
        if (e.index <= snapshot.meta.index) continue;
        entries = [...entries.filter((old) => old.index < e.index), e];
      }
    }
    this.state = [...snapshot.state];
    this.applied = snapshot.meta.index;
    this.conf = snapshot.meta.conf;
    this.node = new RawNode({
      id: this.id,
      random: this.options.random,
      boot: this.starts++,
      snapshot: snapshot.meta,
      hardState,
      entries,
      rules: this.options.rules,
      leaseReads: this.options.leaseReads,
      append_bytes_max: this.options.append_bytes_max,
      inflightMessages_max: 4,
      applyPerReady_max: 3,
    });
  }

  crash(): void {
    this.node = undefined;
    this.disk.crash();
  }

  /** Does everything that is due, in the order Ready asks for. */
  run(): void {
    const { node } = this;
    if (!node) return;
    while (node.hasReady()) this.handle(node, node.ready());
  }

  /** Forgets entries behind the applied state, which becomes the snapshot. */
  compact(): void {
    const { node } = this;
    if (!node || this.applied <= node.log.offset) return;
    this.disk.write({ hardState: undefined, entries: [], snapshot: this.snapshot() }, () => {
      if (this.node === node) node.compact(Math.min(this.applied, Math.max(node.log.offset, this.applied - 2)));
    });
  }

  private snapshot(): Snapshot {
    return { meta: { index: this.applied, term: this.node!.log.termAt(this.applied)!, conf: this.conf }, state: [...this.state] };
  }

  private handle(node: RawNode, ready: Ready): void {
    const received = ready.snapshot && this.received.get(ready.snapshot.index);
    for (const m of ready.messages) this.transmit(node, m);
    if (this.options.ackBeforeSync) for (const m of ready.afterPersist) this.transmit(node, m);
    this.disk.write({ hardState: ready.hardState, entries: ready.entries, snapshot: received }, () => {
      if (this.node !== node) return;
      node.persisted(ready.token);
      if (!this.options.ackBeforeSync) for (const m of ready.afterPersist) this.transmit(node, m);
    });
    if (received) {
      this.state = [...received.state];
      this.applied = received.meta.index;
      this.conf = received.meta.conf;
    }
    for (const entry of ready.committed) this.apply(node, entry);
    for (const { id, index } of ready.reads) this.hooks.read(this, id, index);
  }

  private readonly received = new Map<number, Snapshot>();

  step(message: Message): void {
    if (message.type === "snapshot" && message.data) {
      const snapshot = JSON.parse(Buffer.from(message.data).toString()) as Snapshot;
      this.received.set(snapshot.meta.index, snapshot);
    }
    this.node?.step(message);
  }

  private transmit(node: RawNode, m: Message): void {
    if (m.type !== "snapshot") return this.hooks.send(m);
    const snapshot = this.snapshot();
    this.hooks.send({ ...m, snapshot: snapshot.meta, data: Buffer.from(JSON.stringify(snapshot)) });
    // Whether it arrives nobody knows; the leader tries again from what the follower answers.
    node.reportSnapshot(m.to, this.options.random.next() < 0.5 ? snapshot.meta.index : undefined);
  }

  private apply(node: RawNode, entry: Entry): void {
    this.applied = entry.index;
    if (entry.kind === "conf") {
      const steps = JSON.parse(Buffer.from(entry.data).toString()) as ConfStep[];
      const change: ConfChange = { steps };
      try {
        this.conf = node.applyConf(change);
      } catch {
        // Refused on every member alike.
      }
    } else if (entry.data.length > 0) this.state.push(Buffer.from(entry.data).toString());
  }
}
