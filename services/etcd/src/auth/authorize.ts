import type { DeleteOp, Lessor, Op, PutOp, TxnOp } from "@flotilla/mvcc";
import type { AuthStore } from "./store.ts";
import type { AuthInfo } from "./types.ts";

/** What commands and reads need which rights for; the same when a command is applied and when a read is served. */
export class Authorizer {
  private readonly auth: AuthStore;
  private readonly lessor: Lessor;
  private readonly who: AuthInfo;

  constructor(auth: AuthStore, lessor: Lessor, who: AuthInfo) {
    this.auth = auth;
    this.lessor = lessor;
    this.who = who;
  }

  put(op: PutOp): void {
    const key = { key: op.key, end: undefined };
    this.auth.requireWrite(this.who, key);
    // Who may not write a lease's other keys may not revoke it either, and so may not join it.
    this.lease(op.lease);
    if (op.prevKv) this.auth.requireRead(this.who, key);
  }

  delete(op: DeleteOp): void {
    this.auth.requireWrite(this.who, op);
    if (op.prevKv) this.auth.requireRead(this.who, op);
  }

  /** Both branches count, whichever will run: else the answer would tell what may not be read. */
  txn(op: TxnOp): void {
    for (const c of op.compare) this.auth.requireRead(this.who, c);
    for (const o of op.success) this.op(o);
    for (const o of op.failure) this.op(o);
  }

  /** Needs the right to write every key that hangs on the lease. */
  lease(id: string): void {
    if (id === "0") return;
    for (const key of this.lessor.get(id)?.keys ?? []) this.auth.requireWrite(this.who, { key, end: undefined });
  }

  /** Needs the right to read every key that hangs on the lease. */
  leaseKeys(id: string): void {
    for (const key of this.lessor.get(id)?.keys ?? []) this.auth.requireRead(this.who, { key, end: undefined });
  }

  private op(o: Op): void {
    if (o.kind === "put") this.put(o.put);
    else if (o.kind === "range") this.auth.requireRead(this.who, o.range);
    else if (o.kind === "delete") this.delete(o.delete);
    else this.txn(o.txn);
  }
}
