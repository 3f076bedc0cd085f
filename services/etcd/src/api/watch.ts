import { isTombstone, type KeyRange, type Version, type Watcher, type WatchSink } from "@flotilla/mvcc";
import { goError } from "@flotilla/rpc/code-names.ts";
import type { WatchCreateRequest } from "@flotilla/rpc/gen/etcd/rpc.ts";
import { framed } from "../codec/kv-responses.ts";
import { decode } from "../codec/tables.ts";
import type { Router, StreamCall } from "../grpc/server.ts";
import { RpcError } from "../grpc/status.ts";
import { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";
import type { ApiContext } from "./context.ts";
import { EventCache } from "./event-cache.ts";

/** gRPC's own overhead, as etcd counts it. */
const GRPC_OVERHEAD_BYTES = 512 << 10;
const NOPUT = 0;

const COMPACTED = "etcdserver: mvcc: required revision has been compacted";

interface Open {
  readonly id: number;
  readonly watcher: Watcher;
  readonly prevKv: boolean;
  readonly fragment: boolean;
  readonly progress: boolean;
  /** Something was sent since the last progress round. */
  spoke: boolean;
}

/** etcdserverpb.Watch: many watches on one stream. */
export function serveWatch(router: Router, c: ApiContext, progressNotify_ms: number): { stop(): void } {
  const sessions = new Set<WatchSession>();
  const cache = new EventCache();
  router.streaming("/etcdserverpb.Watch/Watch", (call) => {
    const session = new WatchSession(c, call, cache);
    sessions.add(session);
    call.onClose = () => {
      session.close();
      sessions.delete(session);
    };
  });
  const timer = c.clock.setInterval(() => {
    for (const session of sessions) session.progressDue();
  }, progressNotify_ms);
  return { stop: () => timer.cancel() };
}

class WatchSession implements WatchSink {
  private readonly open = new Map<number, Open>();
  private readonly byWatcher = new Map<Watcher, Open>();
  private next = 0;
  private readonly c: ApiContext;
  private readonly call: StreamCall;
  private readonly cache: EventCache;

  constructor(c: ApiContext, call: StreamCall, cache: EventCache) {
    this.c = c;
    this.call = call;
    this.cache = cache;
    call.open();
    call.onMessage = (bytes) => this.request(bytes);
    call.onEnd = () => call.end();
    call.onDrain = () => c.replica.schedule();
  }

  writable(): boolean {
    return this.call.writable;
  }

  events(watcher: Watcher, versions: Version[]): void {
    const open = this.byWatcher.get(watcher);
    if (!open) return;
    open.spoke = true;
    const { revision } = this.c.replica.machine.store;
    if (open.fragment) return this.sendFragments(open, versions, revision);
    const events = this.cache.join(versions, open.prevKv, revision);
    this.send(open.id, revision, (w) => w.raw(events), events.length);
  }

  compacted(watcher: Watcher, revision: number): void {
    const open = this.byWatcher.get(watcher);
    if (!open) return;
    this.forget(open);
    this.send(open.id, this.c.replica.machine.store.revision, (w) => {
      w.bool(0x20, true).int(0x28, revision).text(0x32, COMPACTED);
    });
  }

  close(): void {
    for (const { watcher } of this.open.values()) this.c.replica.machine.watch.cancel(watcher);
    this.open.clear();
    this.byWatcher.clear();
  }

  progressDue(): void {
    for (const open of this.open.values()) {
      if (open.progress && !open.spoke && open.watcher.state === "synced") this.send(open.id, this.c.replica.machine.store.revision);
      open.spoke = false;
    }
  }

  private request(bytes: Buffer): void {
    const r = new Reader(bytes);
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag === 0x0a) this.admit(decode<WatchCreateRequest>("WatchCreateRequest", r.message()));
      else if (tag === 0x12) this.cancel(decode<{ watchId: number }>("WatchCancelRequest", r.message()).watchId);
      else if (tag === 0x1a) {
        r.message();
        this.progress();
      } else r.skip(tag);
    }
  }

  /** A watch needs the right to read its keys; a refusal is an answer on the stream, not its end. */
  private admit(request: WatchCreateRequest): void {
    const refuse = (error: unknown) => {
      if (!(error instanceof RpcError)) return this.call.fail(error);
      const { revision } = this.c.replica.machine.store;
      this.send(-1, revision, (w) => w.bool(0x18, true).bool(0x20, true).text(0x32, goError(error.code, error.message)));
    };
    const caller = { headers: this.call.headers, session: this.call.session, fail: refuse };
    try {
      this.c.access.run(caller, (who) => {
        const range = rangeOf(request);
        this.c.replica.machine.auth.requireRead(who, range);
        this.create(request, range);
      });
    } catch (error) {
      refuse(error);
    }
  }

  private create(request: WatchCreateRequest, { key, end }: KeyRange): void {
    const { store, watch } = this.c.replica.machine;
    let id = request.watchId;
    if (id === 0) {
      while (this.open.has(this.next)) this.next++;
      id = this.next++;
    } else if (this.open.has(id)) {
      return this.send(-1, store.revision, (w) =>
        w.bool(0x18, true).bool(0x20, true).text(0x32, "mvcc: duplicate watch ID provided on the WatchStream"),
      );
    }
    if (end !== undefined && end !== "\0" && key >= end) {
      return this.send(-1, store.revision, (w) => w.bool(0x18, true).bool(0x20, true).text(0x32, "mvcc: watcher range is empty"));
    }
    this.send(id, store.revision, (w) => w.bool(0x18, true));
    const filters = request.filters as number[];
    const spec = { key, end, start: Math.max(0, request.startRevision), noPut: filters.includes(NOPUT), noDelete: filters.includes(1) };
    const watcher = watch.watch(spec, this);
    const open: Open = { id, watcher, prevKv: request.prevKv, fragment: request.fragment, progress: request.progressNotify, spoke: false };
    this.open.set(id, open);
    this.byWatcher.set(watcher, open);
    if (watcher.state === "behind") this.c.replica.schedule();
  }

  private cancel(id: number): void {
    const open = this.open.get(id);
    if (!open) return;
    this.c.replica.machine.watch.cancel(open.watcher);
    this.forget(open);
    this.send(id, this.c.replica.machine.store.revision, (w) => w.bool(0x20, true));
  }

  /** Answers when every watch of the stream has seen all there is: then the revision speaks for all. */
  private progress(): void {
    const { store, watch } = this.c.replica.machine;
    watch.publish();
    for (const { watcher } of this.open.values()) if (watcher.state !== "synced") return;
    this.send(-1, store.revision);
  }

  private sendFragments(open: Open, versions: Version[], revision: number): void {
    const fragment_bytes = this.c.limits.request_bytes_max + GRPC_OVERHEAD_BYTES;
    for (let from = 0; from < versions.length; ) {
      let to = from;
      for (let bytes = 0; to < versions.length && (to === from || bytes < fragment_bytes); to++) bytes += sizeOf(versions[to]!);
      const events = this.cache.join(versions.slice(from, to), open.prevKv, revision);
      this.send(open.id, revision, (w) => w.bool(0x38, to < versions.length).raw(events), events.length);
      from = to;
    }
  }

  private forget(open: Open): void {
    this.open.delete(open.id);
    this.byWatcher.delete(open.watcher);
  }

  private send(id: number, revision: number, body: (w: Writer) => void = () => {}, size = 0): void {
    this.call.sendFramed(
      framed(size + 64, (w) => {
        this.c.header.write(w, revision, this.c.replica.node.term).int(0x10, id);
        body(w);
      }),
    );
  }
}

/** An empty key means the first there can be, as etcd takes it. */
const rangeOf = ({ key, rangeEnd }: WatchCreateRequest): KeyRange => ({
  key: key.length === 0 ? "\0" : key.toString("latin1"),
  end: rangeEnd.length === 0 ? undefined : rangeEnd.toString("latin1"),
});

const sizeOf = (v: Version) => v.key.length + v.size + (v.prev && !isTombstone(v.prev) ? v.prev.size : 0) + 64;
