import type { DeleteOp, Op, PutOp, TxnOp } from "@flotilla/mvcc";
import { inRange } from "@flotilla/mvcc";
import { rpcError } from "../node/errors.ts";

/** What is wrong with a request before anyone else hears of it. All throw RpcError. */

export function checkRange({ key, sortIsValid }: { key: string; sortIsValid?: boolean }): void {
  if (key.length === 0) throw rpcError("emptyKey");
  if (sortIsValid === false) throw rpcError("invalidSortOption");
}

export function checkPut(p: PutOp): void {
  if (p.key.length === 0) throw rpcError("emptyKey");
  if (p.ignoreValue && p.value.length > 0) throw rpcError("valueProvided");
  if (p.ignoreLease && p.lease !== "0") throw rpcError("leaseProvided");
}

export function checkTxn(t: TxnOp, ops_max: number): void {
  if (Math.max(t.compare.length, t.success.length, t.failure.length) > ops_max) throw rpcError("tooManyOps");
  for (const c of t.compare) if (c.key.length === 0) throw rpcError("emptyKey");
  for (const op of [...t.success, ...t.failure]) {
    if (op.kind === "put") checkPut(op.put);
    else if (op.kind === "range") checkRange(op.range);
    else if (op.kind === "delete") checkRange(op.delete);
    else checkTxn(op.txn, ops_max - Math.max(t.compare.length, t.success.length, t.failure.length));
  }
  collectWrites(t.success);
  collectWrites(t.failure);
}

interface Writes {
  puts: Set<string>;
  deletes: DeleteOp[];
}

/** One transaction may not put a key twice, nor put what it deletes: the order inside would matter. */
function collectWrites(ops: readonly Op[]): Writes {
  const all: Writes = { puts: new Set(), deletes: [] };
  for (const op of ops) if (op.kind === "delete") all.deletes.push(op.delete);
  for (const op of ops) {
    if (op.kind !== "txn") continue;
    // Only one branch will run, so the two may overlap each other.
    const [a, b] = [collectWrites(op.txn.success), collectWrites(op.txn.failure)];
    const puts = new Set([...a.puts, ...b.puts]);
    for (const key of puts) refuseOverlap(all, key);
    for (const d of [...a.deletes, ...b.deletes]) for (const key of all.puts) if (inRange(d, key)) throw rpcError("duplicateKey");
    for (const key of puts) all.puts.add(key);
    all.deletes.push(...a.deletes, ...b.deletes);
  }
  for (const op of ops) {
    if (op.kind !== "put") continue;
    refuseOverlap(all, op.put.key);
    all.puts.add(op.put.key);
  }
  return all;
}

function refuseOverlap(all: Writes, key: string): void {
  if (all.puts.has(key) || all.deletes.some((d) => inRange(d, key))) throw rpcError("duplicateKey");
}

export const isReadOnly = (t: TxnOp): boolean =>
  [...t.success, ...t.failure].every((op) => op.kind === "range" || (op.kind === "txn" && isReadOnly(op.txn)));

export const isSerializable = (t: TxnOp): boolean =>
  [...t.success, ...t.failure].every(
    (op) =>
      (op.kind === "range" && (op.range as { serializable?: boolean }).serializable === true) ||
      (op.kind === "txn" && isSerializable(op.txn)),
  );
