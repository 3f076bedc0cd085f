import { apiError } from "@flotilla/api";
import type { Clock, Logger } from "@flotilla/base";
import type { KeyValue } from "@flotilla/rpc/gen/etcd/kv.ts";
import { DeleteRangeRequest, PutRequest, RangeRequest } from "@flotilla/rpc/gen/etcd/rpc.ts";
import type { Transformer } from "../encryption/transformer.ts";
import { type Entry, entryAt, entryOfStored } from "./entry.ts";
import { EtcdClient, type EtcdConfig } from "./etcd-client.ts";
import { Feed } from "./feed.ts";
import { FlushPacer } from "./flush-pacer.ts";
import { type PastChange, replay } from "./history.ts";
import { ReadIndex } from "./read-index.ts";
import { currentOf, folderOf, guarded, prefixEnd } from "./requests.ts";
import { type Change, ResourceCache } from "./resource-cache.ts";

/** How long a read waits for the cache before the client is told to come back. */
const FRESH_MS_MAX = 5_000;
/** The feed asks every second; this much silence is no hiccup. */
const SILENCE_MS_MAX = 15_000;
/** Under load a watcher waits this much longer for an event; it saves a write per watcher and change. */
const FLUSH_PERIOD_MS = 10;
const WRITTEN_MAX = 1_000;
const NO_LEASE = "0";

export type WriteResult = { ok: true; entry: Entry } | { ok: false; current: Entry | undefined };

/**
 * The store as the registry sees it: caches to read, compare-and-swap to write.
 * Keys are `/registry/<resource>/…`; `<resource>` names the cache.
 */
export class Store {
  private readonly clock: Clock;
  private readonly log: Logger;
  private readonly transformer: Transformer | undefined;
  private readonly client: EtcdClient;
  private readonly feed: Feed;
  private readonly readIndex: ReadIndex;
  private readonly caches = new Map<string, ResourceCache>();
  private readonly reachedListeners = new Set<() => void>();
  private readonly pacer: FlushPacer;
  private loaded = false;
  /** Of the first load: a resource first asked for later has not changed since then. */
  private loadRevision = 0;
  /** Our own writes, until the feed brings them: the cache keeps the same bytes that were answered. */
  private readonly written = new Map<number, Entry>();
  /** Reading the store's history: one at a time. */
  private recalling: Promise<void> = Promise.resolve();

  /** `transformer` seals and opens the values of resources that are encrypted at rest. */
  constructor(clock: Clock, log: Logger, config: EtcdConfig, transformer?: Transformer) {
    this.clock = clock;
    this.log = log;
    this.transformer = transformer;
    this.pacer = new FlushPacer(clock, FLUSH_PERIOD_MS, () => {
      for (const listener of this.reachedListeners) listener();
    });
    this.client = new EtcdClient(clock, log, config);
    this.feed = new Feed(this.client, clock, log, {
      load: (revision, values) => this.load(revision, values),
      put: (kv) => this.put(kv),
      remove: (key, revision) => {
        const text = key.toString();
        this.cache(folderOf(text)).remove(text, revision);
      },
      reached: (revision) => {
        // After a loss of history some never come.
        if (this.written.size > WRITTEN_MAX) for (const at of this.written.keys()) if (at <= revision) this.written.delete(at);
        this.pacer.changed();
      },
    });
    this.readIndex = new ReadIndex(() => this.catchUp());
  }

  async start(): Promise<void> {
    await this.feed.start();
  }

  stop(): void {
    this.feed.stop();
    this.pacer.stop();
    this.client.close();
  }

  get ready(): boolean {
    return this.loaded;
  }

  /** For /readyz: undefined when well. */
  get fault(): string | undefined {
    if (!this.loaded) return "the store does not answer";
    const { silence_ms } = this.feed;
    return silence_ms > SILENCE_MS_MAX ? `the store has been silent for ${Math.round(silence_ms / 1000)} s` : undefined;
  }

  /** What the caches hold; a list's resourceVersion. */
  get revision(): number {
    return this.feed.revision;
  }

  cache(resource: string): ResourceCache {
    let cache = this.caches.get(resource);
    if (!cache) this.caches.set(resource, (cache = new ResourceCache(this.loadRevision)));
    return cache;
  }

  get resources(): ReadonlyMap<string, ResourceCache> {
    return this.caches;
  }

  /** Resolves when the caches hold every write acknowledged before this call. */
  fresh(): Promise<void> {
    return this.readIndex.fresh();
  }

  /** @throws ApiError Timeout, as upstream's "Too large resource version". */
  async reach(revision: number): Promise<void> {
    if (await this.feed.waitFor(revision, FRESH_MS_MAX)) return;
    const error = apiError("Timeout", `Timeout: Too large resource version: ${revision}, current: ${this.revision}`, {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    });
    throw error;
  }

  /** Called after changes: watchers send then what they have gathered. */
  onReached(listener: () => void): () => void {
    this.reachedListeners.add(listener);
    return () => this.reachedListeners.delete(listener);
  }

  /** The key's newest version, from the store itself. */
  async read(key: string): Promise<Entry | undefined> {
    const { kvs } = await this.client.range(RangeRequest.fromPartial({ key: Buffer.from(key) }));
    return kvs[0] && this.entryOf(kvs[0]);
  }

  /**
   * Lets watches of `resource` begin after `revision` although the cache does not reach back that far,
   * as long as the store has not compacted it. Reads for all caches at once: after a restart every client comes back.
   * @throws ApiError Expired
   */
  recall(resource: string, revision: number): Promise<void> {
    const run = async () => {
      const to = this.cache(resource).forgottenRevision;
      if (revision >= to) return;
      const changes = await replay(this.client, this.clock, revision, to);
      const byFolder = Map.groupBy(changes, ({ key }) => folderOf(key.toString()));
      for (const [folder, cache] of this.caches) {
        if (cache.forgottenRevision > to || cache.forgottenRevision < revision) continue;
        const known = cache.forgottenRevision;
        const past = (byFolder.get(folder) ?? []).filter((change) => change.revision <= known);
        cache.recall(
          revision,
          past.map((change) => this.pastChange(change)),
        );
      }
    };
    const result = this.recalling.then(run);
    this.recalling = result.catch(() => {});
    return result;
  }

  /** One page at a past revision. @throws ApiError Expired when it has been compacted. */
  async readPage(
    prefix: string,
    after: string,
    limit: number,
    revision: number,
  ): Promise<{ entries: Entry[]; more: boolean; count: number }> {
    const key = Buffer.from(after > prefix ? `${after}\0` : prefix);
    const rangeEnd = prefixEnd(prefix);
    try {
      const page = await this.client.range(RangeRequest.fromPartial({ key, rangeEnd, limit, revision }));
      return { entries: page.kvs.map((kv) => this.entryOf(kv)), more: page.more, count: page.count };
    } catch (error) {
      if (/compacted/.test((error as Error).message)) {
        throw apiError("Expired", `revision ${revision} has been compacted`);
      }
      throw error;
    }
  }

  create(key: string, value: Buffer, lease = NO_LEASE): Promise<WriteResult> {
    return this.swap(key, 0, value, lease);
  }

  /** Writes only if the key still stands at `revision` (0: does not exist). */
  async swap(key: string, revision: number, value: Buffer, lease = NO_LEASE): Promise<WriteResult> {
    const name = Buffer.from(key);
    const sealed = this.transformer?.seal(folderOf(key), key, value) ?? value;
    const put = PutRequest.fromPartial({ key: name, value: sealed, lease });
    const { response, attempts } = await this.client.txn(guarded(name, revision, { $case: "requestPut", value: put }));
    if (response.succeeded) return { ok: true, entry: this.writtenEntry(key, value, response.header!.revision, lease) };
    const current = currentOf(response);
    // An earlier attempt of ours may have been applied although its answer was lost: then our own value stands there.
    if (attempts > 1 && current?.value.equals(sealed)) return { ok: true, entry: this.entryOf(current) };
    return { ok: false, current: current && this.entryOf(current) };
  }

  /** Deletes only if the key still stands at `revision`; yields the deletion's revision. */
  async remove(key: string, revision: number): Promise<{ ok: true; revision: number } | { ok: false; current: Entry | undefined }> {
    const name = Buffer.from(key);
    const value = DeleteRangeRequest.fromPartial({ key: name });
    const { response, attempts } = await this.client.txn(guarded(name, revision, { $case: "requestDeleteRange", value }));
    if (response.succeeded) return { ok: true, revision: response.header!.revision };
    const current = currentOf(response);
    if (attempts > 1 && !current) return { ok: true, revision: response.header!.revision };
    return { ok: false, current: current && this.entryOf(current) };
  }

  grantLease(ttl_seconds: number): Promise<string> {
    return this.client.grantLease(ttl_seconds);
  }

  get compaction(): Pick<EtcdClient, "txn" | "compact"> {
    return this.client;
  }

  keepAlive(lease: string): Promise<number> {
    return this.client.keepAlive(lease);
  }

  private async catchUp(): Promise<void> {
    const { header } = await this.client.range(RangeRequest.fromPartial({ key: Buffer.from("/registry/"), countOnly: true }));
    if (this.feed.revision < header!.revision) await this.reach(header!.revision);
  }

  private load(revision: number, values: KeyValue[]): void {
    if (!this.loaded) {
      this.loaded = true;
      this.loadRevision = revision;
      for (const cache of this.caches.values()) cache.begin(revision);
      for (const kv of values) this.take(kv, (cache, entry) => cache.load(entry));
      return;
    }
    // History was compacted away while we were not watching: what differs becomes events.
    const seen = new Set<string>();
    for (const kv of values.sort((a, b) => a.modRevision - b.modRevision)) {
      seen.add(kv.key.toString());
      this.take(kv, (cache, entry) => {
        if (cache.get(entry.key)?.revision !== entry.revision) cache.put(entry);
      });
    }
    for (const [resource, cache] of this.caches) {
      for (const entry of [...cache.scan(`/registry/${resource}/`)]) if (!seen.has(entry.key)) cache.remove(entry.key, revision);
    }
  }

  private writtenEntry(key: string, value: Buffer, revision: number, lease: string): Entry {
    const entry = entryOfStored(key, value, revision, lease);
    if (revision > this.feed.revision) this.written.set(revision, entry);
    return entry;
  }

  private put(kv: KeyValue): void {
    const own = this.written.size > 0 ? this.written.get(kv.modRevision) : undefined;
    if (own) {
      this.written.delete(kv.modRevision);
      this.cache(folderOf(own.key)).put(own);
      return;
    }
    this.take(kv, (cache, entry) => cache.put(entry));
  }

  /** What cannot be opened must not stop the rest; whoever asks for it hears why. */
  private take(kv: KeyValue, into: (cache: ResourceCache, entry: Entry) => void): void {
    const key = kv.key.toString();
    const cache = this.cache(folderOf(key));
    let entry: Entry;
    try {
      entry = this.entryOf(kv, key);
    } catch (error) {
      this.log.error("a stored value cannot be read", { key, error: (error as Error).message });
      cache.markUnreadable(key, (error as Error).message);
      return;
    }
    into(cache, entry);
  }

  private entryOf(kv: KeyValue, key = kv.key.toString()): Entry {
    if (!this.transformer) return entryOfStored(key, kv.value, kv.modRevision, kv.lease);
    const { value, stale } = this.transformer.open(folderOf(key), key, kv.value);
    const entry = entryOfStored(key, value, kv.modRevision, kv.lease);
    entry.stale = stale;
    return entry;
  }

  private pastChange({ revision, value, previous }: PastChange): Change {
    const before = previous && this.entryOf(previous);
    if (!value) {
      if (!before) throw apiError("Expired", `too old resource version: ${revision}`);
      return { type: "DELETED", entry: entryAt(before, revision), previous: before, revision };
    }
    const type = value.createRevision === value.modRevision ? "ADDED" : "MODIFIED";
    return { type, entry: this.entryOf(value), previous: before, revision };
  }
}
