import { type Clock, type Logger, sleep } from "@flotilla/base";
import { Event_EventType, type KeyValue } from "@flotilla/rpc/gen/etcd/kv.ts";
import { RangeRequest, type WatchResponse } from "@flotilla/rpc/gen/etcd/rpc.ts";
import { type EtcdClient, EVERYTHING, REGISTRY } from "./etcd-client.ts";
import { isOurs } from "./history.ts";

export interface FeedSink {
  /** The whole content at `revision`; a second call means that history was lost in between. */
  load(revision: number, values: KeyValue[]): void;
  put(kv: KeyValue): void;
  remove(key: Buffer, revision: number): void;
  /** All changes up to `revision` have been handed over. */
  reached(revision: number): void;
}

const PAGE = 2_000;
const RECONNECT_MS = 20;
const RECONNECT_MS_MAX = 250;
/** How often a silent watch is compared with the store; a stuck member is left after this. */
const PROBE_PERIOD_MS = 1_000;
const LAG_MS_MAX = 300;
const REGISTRY_END = Buffer.from("/registry0");

type State = { phase: "loading" } | { phase: "watching"; cancel: () => void; address: string } | { phase: "stopped" };

/**
 * Feed owns the one watch that this server keeps on the store; the caches own what it brings.
 * It watches the whole key space, not only ours, so that its revision advances with
 * every write of anybody, and "has the cache reached revision r" always gets an answer.
 * 1. Changes are handed over in the order of revisions, whole revisions at a time.
 * 2. `revision` never goes back.
 */
export class Feed {
  private readonly client: EtcdClient;
  private readonly clock: Clock;
  private readonly log: Logger;
  private readonly sink: FeedSink;
  private state: State = { phase: "loading" };
  private waiters: { revision: number; resolve: () => void }[] = [];
  private compacted = false;
  private answered_ms = 0;
  revision = 0;

  constructor(client: EtcdClient, clock: Clock, log: Logger, sink: FeedSink) {
    this.client = client;
    this.clock = clock;
    this.log = log;
    this.sink = sink;
  }

  /** Resolves once the first load is done; waits for the store as long as it takes. */
  async start(): Promise<void> {
    for (let failures = 0; this.revision === 0 && !this.stopped; failures++) {
      try {
        await this.load();
      } catch (error) {
        this.log.warn("the store does not answer, trying again", { error: (error as Error).message, failures });
        await sleep(this.clock, RECONNECT_MS_MAX);
      }
    }
    void this.run();
    this.clock.setTimeout(() => void this.probe(), PROBE_PERIOD_MS);
  }

  stop(): void {
    const { state } = this;
    this.state = { phase: "stopped" };
    if (state.phase === "watching") state.cancel();
  }

  /** The store has not been seen for this long, or its changes do not arrive. */
  get silence_ms(): number {
    return this.clock.monotonic() - this.answered_ms;
  }

  /** Resolves when every change up to `revision` has reached the sink; false after `timeout_ms`. */
  waitFor(revision: number, timeout_ms: number): Promise<boolean> {
    if (this.revision >= revision) return Promise.resolve(true);
    return new Promise((resolve) => {
      const lag = this.clock.setTimeout(() => this.leaveSlowMember(revision), LAG_MS_MAX);
      const limit = this.clock.setTimeout(() => finish(false), timeout_ms);
      const waiter = { revision, resolve: () => finish(true) };
      const finish = (reached: boolean) => {
        lag.cancel();
        limit.cancel();
        if (!reached) this.waiters = this.waiters.filter((w) => w !== waiter);
        resolve(reached);
      };
      this.waiters.push(waiter);
    });
  }

  private get stopped(): boolean {
    return this.state.phase === "stopped";
  }

  private async load(): Promise<void> {
    const values: KeyValue[] = [];
    let revision = 0;
    for (let key: Buffer = REGISTRY; ; ) {
      const page = await this.client.range(RangeRequest.fromPartial({ key, rangeEnd: REGISTRY_END, limit: PAGE, revision }));
      revision ||= page.header!.revision;
      for (const kv of page.kvs) values.push(kv);
      if (!page.more) break;
      key = Buffer.concat([page.kvs.at(-1)!.key, EVERYTHING]);
    }
    this.sink.load(revision, values);
    this.answered_ms = this.clock.monotonic();
    this.advance(revision);
  }

  private async run(): Promise<void> {
    for (let failures = 0; !this.stopped; failures++) {
      const before = this.revision;
      try {
        if (this.compacted) await this.load();
        this.compacted = false;
        await this.watch();
      } catch (error) {
        this.log.debug("store watch ended", { error: (error as Error).message });
      }
      if (this.revision > before) failures = 0;
      if (!this.stopped) await sleep(this.clock, Math.min(RECONNECT_MS * 2 ** Math.min(failures, 8), RECONNECT_MS_MAX));
    }
  }

  private watch(): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = (response: WatchResponse) => {
        if (!response.canceled) return this.apply(response);
        this.compacted = response.compactRevision > 0;
        watch.cancel();
        resolve();
      };
      const fail = (error: Error) => {
        this.client.failOver(watch.address);
        reject(error);
      };
      const watch = this.client.watch({ key: EVERYTHING, rangeEnd: EVERYTHING, startRevision: this.revision + 1 }, take, fail);
      const cancel = () => {
        watch.cancel();
        reject(new Error("cancelled"));
      };
      this.state = { phase: "watching", cancel, address: watch.address };
    });
  }

  private apply(response: WatchResponse): void {
    let last = 0;
    for (const event of response.events) {
      const kv = event.kv!;
      if (kv.modRevision <= this.revision) continue;
      last = kv.modRevision;
      if (!isOurs(kv.key)) continue;
      if (event.type === Event_EventType.DELETE) this.sink.remove(kv.key, kv.modRevision);
      else this.sink.put(kv);
    }
    if (last > 0) this.advance(last);
  }

  private advance(revision: number): void {
    this.revision = Math.max(revision, this.revision);
    this.sink.reached(this.revision);
    if (this.waiters.length === 0) return;
    const ready = this.waiters.filter((w) => w.revision <= this.revision);
    this.waiters = this.waiters.filter((w) => w.revision > this.revision);
    for (const waiter of ready) waiter.resolve();
  }

  /** The member we watch at does not bring what another one has already confirmed. */
  private leaveSlowMember(revision: number): void {
    if (this.revision >= revision || this.state.phase !== "watching") return;
    this.log.warn("store watch lags behind, opening it again", { member: this.state.address, at: this.revision, wanted: revision });
    this.client.failOver(this.state.address);
    this.state.cancel();
  }

  private async probe(): Promise<void> {
    try {
      const { header } = await this.client.range(RangeRequest.fromPartial({ key: REGISTRY, countOnly: true }));
      if (await this.waitFor(header!.revision, PROBE_PERIOD_MS)) this.answered_ms = this.clock.monotonic();
    } catch {
      // The next round tries again; requests report the failure themselves.
    }
    if (!this.stopped) this.clock.setTimeout(() => void this.probe(), PROBE_PERIOD_MS);
  }
}
