import { apiError } from "@flotilla/api";
import type { Clock, Logger } from "@flotilla/base";
import type { KeyValue } from "@flotilla/rpc/gen/etcd/kv.ts";
import {
  Compare_CompareResult,
  Compare_CompareTarget,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  TxnRequest,
  type TxnResponse,
} from "@flotilla/rpc/gen/etcd/rpc.ts";
import { type Entry, entryOfStored } from "./entry.ts";
import { EtcdClient, type EtcdConfig } from "./etcd-client.ts";
import { Feed } from "./feed.ts";
import { FlushPacer } from "./flush-pacer.ts";
import { ReadIndex } from "./read-index.ts";
import { ResourceCache } from "./resource-cache.ts";

/** How long a read waits for the cache before the client is told to come back. */
const FRESH_MS_MAX = 5_000;
/** The feed asks every second; this much silence is no hiccup. */
const SILENCE_MS_MAX = 15_000;
/** Under load a watcher waits this much longer for an event; it saves a write per watcher and change. */
const FLUSH_PERIOD_MS = 4;
const NO_LEASE = "0";

export type WriteResult = { ok: true; entry: Entry } | { ok: false; current: Entry | undefined };

/**
 * The store as the registry sees it: caches to read, compare-and-swap to write.
 * Keys are `/registry/<resource>/…`; `<resource>` names the cache.
 */
export class Store {
  private readonly client: EtcdClient;
  private readonly feed: Feed;
  private readonly readIndex: ReadIndex;
  private readonly caches = new Map<string, ResourceCache>();
  private readonly reachedListeners = new Set<() => void>();
  private readonly pacer: FlushPacer;
  private loaded = false;
  /** Of the first load: a resource first asked for later has not changed since then. */
  private loadRevision = 0;

  constructor(clock: Clock, log: Logger, config: EtcdConfig) {
    this.pacer = new FlushPacer(clock, FLUSH_PERIOD_MS, () => {
      for (const listener of this.reachedListeners) listener();
    });
    this.client = new EtcdClient(clock, log, config);
    this.feed = new Feed(this.client, clock, log, {
      load: (revision, values) => this.load(revision, values),
      put: (kv) => this.put(kv),
      remove: (key, revision) => {
        const text = key.toString();
        this.cache(resourceOf(text)).remove(text, revision);
      },
      reached: () => this.pacer.changed(),
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
    const error = apiError("Timeout", `Too large resource version: ${revision}, current: ${this.revision}`, {
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
    return kvs[0] && toEntry(kvs[0]);
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
      return { entries: page.kvs.map(toEntry), more: page.more, count: page.count };
    } catch (error) {
      if (/compacted/.test((error as Error).message)) {
        throw apiError(
          "Expired",
          "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
        );
      }
      throw error;
    }
  }

  create(key: string, value: Buffer, lease = NO_LEASE): Promise<WriteResult> {
    return this.swap(key, 0, value, lease);
  }

  /** Writes only if the key still stands at `revision` (0: does not exist). */
  async swap(key: string, revision: number, value: Buffer, lease = NO_LEASE): Promise<WriteResult> {
    const put = PutRequest.fromPartial({ key: Buffer.from(key), value, lease });
    const { response, attempts } = await this.client.txn(guarded(key, revision, { $case: "requestPut", value: put }));
    if (response.succeeded) return { ok: true, entry: entryOfStored(key, value, response.header!.revision, lease) };
    const current = currentOf(response);
    // An earlier attempt of ours may have been applied although its answer was lost: then our own value stands there.
    if (attempts > 1 && current?.value.equals(value)) return { ok: true, entry: toEntry(current) };
    return { ok: false, current: current && toEntry(current) };
  }

  /** Deletes only if the key still stands at `revision`; yields the deletion's revision. */
  async remove(key: string, revision: number): Promise<{ ok: true; revision: number } | { ok: false; current: Entry | undefined }> {
    const value = DeleteRangeRequest.fromPartial({ key: Buffer.from(key) });
    const { response, attempts } = await this.client.txn(guarded(key, revision, { $case: "requestDeleteRange", value }));
    if (response.succeeded) return { ok: true, revision: response.header!.revision };
    const current = currentOf(response);
    if (attempts > 1 && !current) return { ok: true, revision: response.header!.revision };
    return { ok: false, current: current && toEntry(current) };
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
      for (const kv of values) this.cache(resourceOf(kv.key.toString())).load(toEntry(kv));
      return;
    }
    // History was compacted away while we were not watching: what differs becomes events.
    const seen = new Set<string>();
    for (const kv of values.sort((a, b) => a.modRevision - b.modRevision)) {
      const entry = toEntry(kv);
      seen.add(entry.key);
      const cache = this.cache(resourceOf(entry.key));
      if (cache.get(entry.key)?.revision !== entry.revision) cache.put(entry);
    }
    for (const [resource, cache] of this.caches) {
      for (const entry of [...cache.scan(`/registry/${resource}/`)]) if (!seen.has(entry.key)) cache.remove(entry.key, revision);
    }
  }

  private put(kv: KeyValue): void {
    const entry = toEntry(kv);
    this.cache(resourceOf(entry.key)).put(entry);
  }
}

function guarded(key: string, revision: number, request: TxnRequest["success"][number]["request"]): TxnRequest {
  const name = Buffer.from(key);
  const read = RangeRequest.fromPartial({ key: name });
  return TxnRequest.fromPartial({
    compare: [
      {
        result: Compare_CompareResult.EQUAL,
        target: Compare_CompareTarget.MOD,
        key: name,
        targetUnion: { $case: "modRevision", value: revision },
      },
    ],
    success: [{ request }],
    failure: [{ request: { $case: "requestRange", value: read } }],
  });
}

function currentOf(response: TxnResponse): KeyValue | undefined {
  const [first] = response.responses;
  return first?.response?.$case === "responseRange" ? first.response.value.kvs[0] : undefined;
}

const toEntry = (kv: KeyValue): Entry => entryOfStored(kv.key.toString(), kv.value, kv.modRevision, kv.lease);

/** "/registry/pods/default/a" → "pods". */
function resourceOf(key: string): string {
  const end = key.indexOf("/", 10);
  return end < 0 ? key.slice(10) : key.slice(10, end);
}

function prefixEnd(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1]!++;
  return end;
}
