import type { Event } from "@flotilla/rpc/gen/etcd/kv.ts";
import * as rpc from "@flotilla/rpc/gen/etcd/rpc.ts";
import type { KvInput, KvOutput, Operation, WatchedEvent, WatchStream } from "@flotilla/testing/linearizability/index.ts";
import { startCall, unary } from "../grpc/client.ts";
import { frame } from "../grpc/frames.ts";
import { execute } from "../testing/kv-client.ts";
import type { SimSession } from "./http2.ts";
import type { SimNetwork } from "./network.ts";
import type { World } from "./world.ts";

const KEYS = ["a", "b", "c"];
const CALL_MS_MAX = 2500;
const THINK_MS = [2, 80] as const;
/** Some values are long, so that segments fill and slow watchers fall behind. */
const LONG_BYTES = 1500;

/** What all clients have done and seen, for the judges. */
export class Recording {
  readonly operations: Operation<KvInput, KvOutput>[] = [];
  readonly watches: (WatchStream & { responses: { revision: number; events: WatchedEvent[]; fragment?: boolean }[] })[] = [];
  private stamp = 0;

  /** A time of its own for every call and answer. */
  tick(): number {
    return ++this.stamp;
  }
}

/** One client: one operation at a time, on whichever member; another one after a failure. */
export class SimClient {
  private readonly world: World;
  private readonly network: SimNetwork;
  readonly name: string;
  private readonly urls: () => readonly string[];
  private readonly recording: Recording;
  private session: SimSession | undefined;
  private serial = 0;
  private stopped = false;
  /** What was last seen of a key, to compare and swap on. */
  private readonly seen = new Map<string, { value: string | null; mod: number }>();
  answered = 0;
  /** How many times longer it thinks than usual. */
  calm = 1;

  constructor(world: World, network: SimNetwork, name: string, urls: () => readonly string[], recording: Recording) {
    this.world = world;
    this.network = network;
    this.name = name;
    this.urls = urls;
    this.recording = recording;
  }

  stop(): void {
    this.stopped = true;
  }

  async run(): Promise<void> {
    while (!this.stopped) {
      await this.world.sleep(this.world.between(...THINK_MS) * this.calm);
      if (!this.session || this.session.destroyed) this.session = this.network.connect(this.name, this.world.pick(this.urls()));
      if (this.session) await this.one(this.session);
    }
    this.session?.destroy();
  }

  private async one(session: SimSession): Promise<void> {
    const { recording, world } = this;
    const input = this.choose();
    const call = recording.tick();
    const client = { call: (path: string, request: Uint8Array) => unary(session.asSession, path, request) };
    const late = world.sleep(CALL_MS_MAX).then((): undefined => undefined);
    const output = await Promise.race([execute(client as Parameters<typeof execute>[0], input).catch((): undefined => undefined), late]);
    recording.operations.push({ client: this.name, call, return: output ? recording.tick() : Infinity, input, output });
    world.note(
      this.name,
      `${input.kind} ${"key" in input ? input.key : input.compare[0]!.key} ${output ? `at ${output.revision}` : "unanswered"}`,
    );
    if (!output) {
      session.destroy();
      return;
    }
    this.answered++;
    if (input.kind === "get" && output.kind === "get") this.seen.set(input.key, { value: output.value, mod: output.mod ?? 0 });
  }

  private choose(): KvInput {
    const { world } = this;
    const key = world.pick(KEYS);
    const value = () => {
      const text = `${this.name}-${++this.serial}`;
      return world.chance(0.1) ? text.padEnd(LONG_BYTES, ".") : text;
    };
    const dice = world.random.next();
    if (dice < 0.35) return { kind: "get", key };
    if (dice < 0.75) return { kind: "put", key, value: value() };
    if (dice < 0.8) return { kind: "delete", key };
    const last = this.seen.get(key);
    const compare = [{ key, target: "mod" as const, operand: last?.mod ?? 0 }];
    // A second key in the same step: whole revisions must stay whole.
    const second = world.pick(KEYS.filter((k) => k !== key));
    const success = [
      { kind: "put" as const, key, value: value() },
      ...(world.chance(0.3) ? [{ kind: "put" as const, key: second, value: value() }] : []),
    ];
    return { kind: "txn", compare, success, failure: [{ kind: "get", key }] };
  }
}

/** One that watches all keys, and goes on where it was after a failure. */
export class SimWatcher {
  private readonly world: World;
  private readonly network: SimNetwork;
  readonly name: string;
  private readonly urls: () => readonly string[];
  private readonly recording: Recording;
  private stopped = false;
  private session: SimSession | undefined;
  /** The first revision not seen yet. */
  next = 2;

  constructor(world: World, network: SimNetwork, name: string, urls: () => readonly string[], recording: Recording) {
    this.world = world;
    this.network = network;
    this.name = name;
    this.urls = urls;
    this.recording = recording;
  }

  stop(): void {
    this.stopped = true;
    this.session?.destroy();
  }

  async run(): Promise<void> {
    while (!this.stopped) {
      await this.world.sleep(this.world.between(...THINK_MS));
      this.session = this.network.connect(this.name, this.world.pick(this.urls()));
      if (this.session) await this.watch(this.session);
    }
  }

  /** Leaves its member, to go on at another. */
  move(): void {
    this.session?.destroy();
  }

  private watch(session: SimSession): Promise<void> {
    const responses: { revision: number; events: WatchedEvent[]; fragment?: boolean }[] = [];
    this.recording.watches.push({ name: `${this.name}#${this.recording.watches.length}`, key: "", end: "\0", start: this.next, responses });
    return new Promise((resolve) => {
      const call = startCall(
        session.asSession,
        "/etcdserverpb.Watch/Watch",
        {},
        (m) => this.take(rpc.WatchResponse.decode(m), responses, call),
        () => resolve(),
      );
      const value = rpc.WatchCreateRequest.create({
        key: Buffer.from("\0"),
        rangeEnd: Buffer.from("\0"),
        startRevision: this.next,
        prevKv: true,
        progressNotify: true,
        fragment: true,
      });
      call.sendFramed(frame(rpc.WatchRequest.encode({ requestUnion: { $case: "createRequest", value } }).finish()));
    });
  }

  private take(
    r: rpc.WatchResponse,
    responses: { revision: number; events: WatchedEvent[]; fragment?: boolean }[],
    call: { cancel(): void },
  ): void {
    if (r.canceled) {
      // Compacted: what was there cannot be seen any more.
      if (r.compactRevision > 0) this.next = r.compactRevision;
      return call.cancel();
    }
    if (r.created) return;
    const { revision } = r.header!;
    responses.push({ revision, events: r.events.map(eventOf), fragment: r.fragment });
    const last = r.events.at(-1)?.kv?.modRevision;
    if (last === undefined) this.next = Math.max(this.next, revision + 1);
    else if (!r.fragment) this.next = Math.max(this.next, last + 1);
    this.world.note(this.name, r.events.length > 0 ? `sees up to ${last}` : `is told that it has seen all up to ${revision}`);
  }
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** `prev` stays open where the store may not know it any more (compaction). */
function eventOf({ type, kv, prevKv }: Event): WatchedEvent {
  const prev = prevKv ? { prev: text(prevKv.value) } : kv!.version === 1 ? { prev: null } : {};
  const base = { key: text(kv!.key), mod: kv!.modRevision, ...prev };
  return type === 1 ? { type: "delete", ...base } : { type: "put", value: text(kv!.value), ...base };
}
