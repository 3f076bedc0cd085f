import type { Version } from "./version.ts";

/**
 * Keys and values are byte strings: JavaScript strings in which every character
 * stands for one byte (0..255). They compare with `<` exactly as the bytes do,
 * serve as map keys, and take half the memory of small byte arrays.
 */
export type Bytes = string;

/**
 * Which keys: one key when `end` is undefined, else [key, end); an `end` of "\0"
 * means everything from `key` on. As etcd's range_end.
 */
export interface KeyRange {
  key: Bytes;
  end: Bytes | undefined;
}

export const NO_END = "\0";

export function inRange({ key, end }: KeyRange, k: Bytes): boolean {
  if (end === undefined) return k === key;
  return k >= key && (end === NO_END || k < end);
}

export type SortTarget = "key" | "version" | "create" | "mod" | "value";

export interface RangeQuery extends KeyRange {
  /** 0: no limit. */
  limit: number;
  /** 0: the newest. */
  revision: number;
  sort: { target: SortTarget; descending: boolean } | undefined;
  countOnly: boolean;
  keysOnly: boolean;
  modRevision_min: number;
  modRevision_max: number;
  createRevision_min: number;
  createRevision_max: number;
}

export interface RangeResult {
  kvs: Version[];
  more: boolean;
  count: number;
}

export interface PutOp {
  key: Bytes;
  value: Bytes | Uint8Array;
  lease: string;
  prevKv: boolean;
  ignoreValue: boolean;
  ignoreLease: boolean;
}

export interface DeleteOp extends KeyRange {
  prevKv: boolean;
}

export type CompareResult = "equal" | "greater" | "less" | "not-equal";

export interface Compare extends KeyRange {
  result: CompareResult;
  target: "version" | "create" | "mod" | "value" | "lease";
  /** A number for version, create and mod; bytes for value; a decimal id for lease. */
  operand: number | string;
}

export type Op =
  | { kind: "range"; range: RangeQuery }
  | { kind: "put"; put: PutOp }
  | { kind: "delete"; delete: DeleteOp }
  | { kind: "txn"; txn: TxnOp };

export interface TxnOp {
  compare: Compare[];
  success: Op[];
  failure: Op[];
}

export type OpResult =
  | { kind: "range"; range: RangeResult; keysOnly: boolean }
  | { kind: "put"; prev: Version | undefined }
  | { kind: "delete"; deleted: number; prev: Version[] }
  | { kind: "txn"; txn: TxnResult };

export interface TxnResult {
  succeeded: boolean;
  responses: OpResult[];
  /** The store's revision when the transaction was done. */
  revision: number;
}
