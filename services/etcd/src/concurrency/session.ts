import { type Bytes, range, type TxnResult, type Version } from "@flotilla/mvcc";
import { type ApiContext, linearizable, proposed } from "../api/context.ts";
import { freshId } from "../api/lease.ts";
import type { AuthInfo } from "../auth/types.ts";
import { txnOf } from "../codec/kv-requests.ts";
import { encode } from "../codec/tables.ts";
import { Code, RpcError } from "../grpc/status.ts";
import { toRpcError } from "../node/errors.ts";
import { endOf } from "./requests.ts";

/** The lease of whoever brings none, in seconds (the default of etcd's concurrency package). */
const SESSION_TTL_S = 60;

/** The client has gone, or given up. */
export class Cancelled extends RpcError {
  constructor() {
    super(Code.CANCELLED, "context canceled");
  }
}

/** One caller's view of the store, as long as its call lasts. */
export class Session {
  readonly c: ApiContext;
  readonly who: AuthInfo;
  private readonly watching = new Set<() => void>();
  private closed = false;

  constructor(c: ApiContext, who: AuthInfo) {
    this.c = c;
    this.who = who;
  }

  /** The call is over: whatever waits here is cancelled. */
  close(): void {
    this.closed = true;
    for (const cancel of [...this.watching]) cancel();
  }

  /** The caller's own lease, or one made for it. Nobody keeps the latter alive: it ends by itself. */
  async lease(given: string): Promise<string> {
    if (given !== "0") return given;
    const ID = freshId(this.c);
    await proposed(this.c, this.who, "lease-grant", encode("LeaseGrantRequest", { TTL: SESSION_TTL_S, ID }).finish());
    return ID;
  }

  async txn(request: Buffer): Promise<TxnResult> {
    txnOf(request);
    const result = await proposed(this.c, this.who, "txn", request);
    if (result.kind !== "txn") throw new Error("a transaction was answered with something else");
    return result.txn;
  }

  /** One key as it is now. */
  async get(key: Bytes): Promise<Version | undefined> {
    return (await this.range({ key, end: undefined }, 0, false))[0];
  }

  /** The key of a prefix that was created first, or the last of those created up to a revision. */
  async oldest(prefix: Bytes): Promise<Version | undefined> {
    return (await this.range({ key: prefix, end: endOf(prefix) }, 0, false))[0];
  }

  async newestUpTo(prefix: Bytes, createRevision_max: number): Promise<Version | undefined> {
    return (await this.range({ key: prefix, end: endOf(prefix) }, createRevision_max, true))[0];
  }

  /** The next event from `start` on in these keys: a put or a deletion. @throws Cancelled. */
  next(keys: { key: Bytes; end: Bytes | undefined }, start: number, wanted: "put" | "delete" | "any"): Promise<Version | "compacted"> {
    const { watch } = this.c.replica.machine;
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(new Cancelled());
      const done = (answer: Version | "compacted" | undefined) => {
        watch.cancel(watcher);
        this.watching.delete(cancel);
        if (answer) resolve(answer);
        else reject(new Cancelled());
      };
      const cancel = () => done(undefined);
      const watcher = watch.watch(
        { ...keys, start, noPut: wanted === "delete", noDelete: wanted === "put" },
        { writable: () => true, events: (_w, versions) => done(versions[0]!), compacted: () => done("compacted") },
      );
      this.watching.add(cancel);
      if (watcher.state === "behind") this.c.replica.schedule();
    });
  }

  private async range(keys: { key: Bytes; end: Bytes | undefined }, createRevision_max: number, descending: boolean): Promise<Version[]> {
    await linearizable(this.c);
    const { store, auth } = this.c.replica.machine;
    auth.requireRead(this.who, keys);
    try {
      return range(store, {
        ...keys,
        limit: 1,
        revision: 0,
        sort: { target: "create", descending },
        countOnly: false,
        keysOnly: false,
        modRevision_min: 0,
        modRevision_max: 0,
        createRevision_min: 0,
        createRevision_max,
      }).kvs;
    } catch (error) {
      throw toRpcError(error);
    }
  }
}

/**
 * Waits until no key of the prefix is left that was created before `own`.
 * Everyone watches only the one right before, so that one deletion wakes one
 * waiter and not all of them.
 */
export async function waitForTurn(session: Session, prefix: Bytes, own: number): Promise<void> {
  for (;;) {
    const before = await session.newestUpTo(prefix, own - 1);
    if (!before) return;
    await session.next({ key: before.key, end: undefined }, before.mod + 1, "delete");
  }
}
