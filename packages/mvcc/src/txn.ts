import { StoreError } from "./errors.ts";
import type { Lessor } from "./lessor.ts";
import { range } from "./range.ts";
import type { Store } from "./store.ts";
import type { Compare, DeleteOp, Op, OpResult, PutOp, TxnOp, TxnResult } from "./types.ts";
import { isTombstone, type Version } from "./version.ts";

/** A store and its leases: what commands change together. */
export interface Space {
  readonly store: Store;
  readonly lessor: Lessor;
}

/** @throws StoreError; nothing has changed then. */
export function put(space: Space, op: PutOp): { prev: Version | undefined } {
  checkPut(space, op, undefined);
  space.store.begin();
  const prev = writePut(space, op);
  space.store.commit();
  return { prev };
}

export function deleteRange(space: Space, op: DeleteOp): { deleted: number; prev: Version[] } {
  space.store.begin();
  const prev = writeDelete(space, op);
  space.store.commit();
  return { deleted: prev.length, prev };
}

/**
 * One atomic step, nested transactions included; all writes share one revision.
 * Conditions are evaluated before anything is written, as etcd does.
 * @throws StoreError before the first write, so a refused transaction changes nothing.
 */
export function txn(space: Space, op: TxnOp): TxnResult {
  const plan = decide(space.store, op);
  check(space, plan, new Set());
  space.store.begin();
  const result = run(space, plan);
  space.store.commit();
  stamp(result, space.store.revision);
  return result;
}

/** A transaction with its branches chosen. */
interface Plan {
  succeeded: boolean;
  ops: (Exclude<Op, { kind: "txn" }> | { kind: "plan"; plan: Plan })[];
}

function decide(store: Store, op: TxnOp): Plan {
  const succeeded = op.compare.every((c) => holds(store, c));
  const branch = succeeded ? op.success : op.failure;
  return { succeeded, ops: branch.map((o) => (o.kind === "txn" ? { kind: "plan", plan: decide(store, o.txn) } : o)) };
}

function check(space: Space, plan: Plan, written: Set<string>): void {
  for (const op of plan.ops) {
    if (op.kind === "plan") check(space, op.plan, written);
    else if (op.kind === "put") {
      checkPut(space, op.put, written);
      written.add(op.put.key);
    } else if (op.kind === "range") {
      // The transaction may read what it writes: one revision ahead is allowed.
      if (op.range.revision > space.store.revision + 1) throw new StoreError("future-revision");
      if (op.range.revision > 0 && op.range.revision < space.store.compacted) throw new StoreError("compacted");
    }
  }
}

function checkPut(space: Space, op: PutOp, written: Set<string> | undefined): void {
  if ((op.ignoreValue || op.ignoreLease) && !space.store.get(op.key) && !written?.has(op.key)) throw new StoreError("key-not-found");
  if (op.lease !== "0" && !space.lessor.has(op.lease)) throw new StoreError("lease-not-found");
}

function run(space: Space, plan: Plan): TxnResult {
  const one = (op: Plan["ops"][number]): OpResult => {
    switch (op.kind) {
      case "range": {
        const revision = op.range.revision > space.store.current ? 0 : op.range.revision;
        return { kind: "range", range: range(space.store, { ...op.range, revision }), keysOnly: op.range.keysOnly };
      }
      case "put": {
        const prev = writePut(space, op.put);
        return { kind: "put", prev: op.put.prevKv ? prev : undefined };
      }
      case "delete": {
        const prev = writeDelete(space, op.delete);
        return { kind: "delete", deleted: prev.length, prev: op.delete.prevKv ? prev : [] };
      }
      case "plan":
        return { kind: "txn", txn: run(space, op.plan) };
    }
  };
  return { succeeded: plan.succeeded, responses: plan.ops.map(one), revision: 0 };
}

function stamp(result: TxnResult, revision: number): void {
  result.revision = revision;
  for (const r of result.responses) if (r.kind === "txn") stamp(r.txn, revision);
}

function writePut({ store, lessor }: Space, op: PutOp): Version | undefined {
  const head = store.head(op.key);
  const prev = head && !isTombstone(head) ? head : undefined;
  const value = op.ignoreValue && prev ? prev.bytes() : op.value;
  const lease = op.ignoreLease && prev ? prev.lease : op.lease;
  const written = store.put(op.key, value, lease, head);
  if (prev?.lease !== lease) {
    if (prev) lessor.detach(prev.lease, written.key);
    lessor.attach(lease, written.key);
  }
  return prev;
}

function writeDelete({ store, lessor }: Space, op: DeleteOp): Version[] {
  const gone = store.latest(op);
  for (const v of gone) {
    store.delete(v);
    lessor.detach(v.lease, v.key);
  }
  return gone;
}

/** A comparison on a range must hold for every key in it; a missing key compares as zero. */
function holds(store: Store, c: Compare): boolean {
  if (c.end === undefined) return test(store.get(c.key), c);
  let all = true;
  let any = false;
  store.forEach(c, 0, (v) => {
    any = true;
    all = test(v, c);
    return all;
  });
  // An empty range is treated as one missing key; a value cannot be compared with nothing.
  return any ? all : c.target !== "value" && test(undefined, c);
}

function test(v: Version | undefined, c: Compare): boolean {
  switch (c.target) {
    case "version":
      return ordered(v?.version ?? 0, c.operand as number, c.result);
    case "create":
      return ordered(v?.create ?? 0, c.operand as number, c.result);
    case "mod":
      return ordered(v?.mod ?? 0, c.operand as number, c.result);
    case "value":
      return v !== undefined && ordered(v.value, c.operand as string, c.result);
    case "lease":
      return ordered(BigInt(v?.lease ?? "0"), BigInt(c.operand), c.result);
  }
}

function ordered<T extends number | string | bigint>(a: T, b: T, result: Compare["result"]): boolean {
  switch (result) {
    case "equal":
      return a === b;
    case "not-equal":
      return a !== b;
    case "greater":
      return a > b;
    case "less":
      return a < b;
  }
}
