import type { Compare, DeleteOp, Op, PutOp, RangeQuery, SortTarget, TxnOp } from "@flotilla/mvcc";
import { Reader, WireError } from "../wire/reader.ts";

/** Requests of etcdserverpb.KV read straight into the store's operations. Numbers as in proto/etcd/rpc.proto. */

export interface RangeRequest extends RangeQuery {
  serializable: boolean;
  /** False for an order or a target that there is not. */
  sortIsValid: boolean;
}

export interface CompactRequest {
  revision: number;
  physical: boolean;
}

/** Nested transactions deeper than this are refused before they can exhaust the stack. */
const TXN_DEPTH_MAX = 64;
const SORT_TARGETS: SortTarget[] = ["key", "version", "create", "mod", "value"];
const RESULTS: Compare["result"][] = ["equal", "greater", "less", "not-equal"];
const TARGETS: Compare["target"][] = ["version", "create", "mod", "value", "lease"];

export function decodeRange(r: Reader): RangeRequest {
  const q: RangeRequest = {
    key: "",
    end: undefined,
    limit: 0,
    revision: 0,
    sort: undefined,
    countOnly: false,
    keysOnly: false,
    modRevision_min: 0,
    modRevision_max: 0,
    createRevision_min: 0,
    createRevision_max: 0,
    serializable: false,
    sortIsValid: true,
  };
  let order = 0;
  let target = 0;
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) q.key = r.latin1();
    else if (tag === 0x12) q.end = r.latin1() || undefined;
    else if (tag === 0x18) q.limit = r.int();
    else if (tag === 0x20) q.revision = r.int();
    else if (tag === 0x28) order = r.int();
    else if (tag === 0x30) target = r.int();
    else if (tag === 0x38) q.serializable = r.bool();
    else if (tag === 0x40) q.keysOnly = r.bool();
    else if (tag === 0x48) q.countOnly = r.bool();
    else if (tag === 0x50) q.modRevision_min = r.int();
    else if (tag === 0x58) q.modRevision_max = r.int();
    else if (tag === 0x60) q.createRevision_min = r.int();
    else if (tag === 0x68) q.createRevision_max = r.int();
    else r.skip(tag);
  }
  q.sortIsValid = order <= 2 && target < SORT_TARGETS.length;
  const sortTarget = SORT_TARGETS[target] ?? "key";
  // Another target than the key sorts ascending by default, as etcd does.
  if (order !== 0 || sortTarget !== "key") q.sort = { target: sortTarget, descending: order === 2 };
  return q;
}

export function decodePut(r: Reader): PutOp {
  const p: PutOp = { key: "", value: "", lease: "0", prevKv: false, ignoreValue: false, ignoreLease: false };
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) p.key = r.latin1();
    else if (tag === 0x12) p.value = r.bytes();
    else if (tag === 0x18) p.lease = r.id();
    else if (tag === 0x20) p.prevKv = r.bool();
    else if (tag === 0x28) p.ignoreValue = r.bool();
    else if (tag === 0x30) p.ignoreLease = r.bool();
    else r.skip(tag);
  }
  return p;
}

export function decodeDelete(r: Reader): DeleteOp {
  const d: DeleteOp = { key: "", end: undefined, prevKv: false };
  let end: string | undefined;
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) d.key = r.latin1();
    else if (tag === 0x12) end = r.latin1() || undefined;
    else if (tag === 0x18) d.prevKv = r.bool();
    else r.skip(tag);
  }
  return { ...d, end };
}

export function decodeCompact(r: Reader): CompactRequest {
  const c: CompactRequest = { revision: 0, physical: false };
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x08) c.revision = r.int();
    else if (tag === 0x10) c.physical = r.bool();
    else r.skip(tag);
  }
  return c;
}

export function decodeTxn(r: Reader, depth = 0): TxnOp {
  if (depth > TXN_DEPTH_MAX) throw new WireError("transactions nested too deeply");
  const t: TxnOp = { compare: [], success: [], failure: [] };
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) t.compare.push(decodeCompare(r.message()));
    else if (tag === 0x12) pushOp(t.success, r.message(), depth);
    else if (tag === 0x1a) pushOp(t.failure, r.message(), depth);
    else r.skip(tag);
  }
  return t;
}

function pushOp(ops: Op[], r: Reader, depth: number): void {
  let op: Op | undefined;
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) op = { kind: "range", range: decodeRange(r.message()) };
    else if (tag === 0x12) op = { kind: "put", put: decodePut(r.message()) };
    else if (tag === 0x1a) op = { kind: "delete", delete: decodeDelete(r.message()) };
    else if (tag === 0x22) op = { kind: "txn", txn: decodeTxn(r.message(), depth + 1) };
    else r.skip(tag);
  }
  if (op) ops.push(op);
}

function decodeCompare(r: Reader): Compare {
  let result = 0;
  let target = 0;
  let key = "";
  let end: string | undefined;
  let operand: number | string | undefined;
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x08) result = r.int();
    else if (tag === 0x10) target = r.int();
    else if (tag === 0x1a) key = r.latin1();
    else if (tag === 0x202) end = r.latin1() || undefined;
    else if (tag === 0x20 || tag === 0x28 || tag === 0x30) operand = r.int();
    else if (tag === 0x3a) operand = r.latin1();
    else if (tag === 0x40) operand = r.id();
    else r.skip(tag);
  }
  const name = TARGETS[target] ?? "version";
  // An absent operand is the type's zero.
  const zero = name === "value" ? "" : name === "lease" ? "0" : 0;
  if (typeof operand !== typeof zero) operand = zero;
  return { result: RESULTS[result] ?? "equal", target: name, key, end, operand: operand! };
}

export const rangeOf = (request: Buffer) => decodeRange(new Reader(request));
export const putOf = (request: Buffer) => decodePut(new Reader(request));
export const deleteOf = (request: Buffer) => decodeDelete(new Reader(request));
export const txnOf = (request: Buffer) => decodeTxn(new Reader(request));
export const compactOf = (request: Buffer) => decodeCompact(new Reader(request));
