import type { Bytes } from "@flotilla/mvcc";
import { Writer } from "../wire/writer.ts";

/** The few transactions that locks and elections are made of, as etcdserverpb.TxnRequest. */
export interface Branches {
  readonly yes: readonly Step[];
  readonly no?: readonly Step[];
}

export type Step =
  | { put: Bytes; value: Bytes; lease: string }
  | { get: Bytes }
  /** The key of the prefix that was created first. */
  | { first: Bytes }
  | { delete: Bytes };

/** If `key` was created at `revision` (0: is not there), then … */
export function ifCreatedAt(key: Bytes, revision: number, { yes, no = [] }: Branches): Buffer {
  const w = new Writer();
  w.message(0x0a, () => w.int(0x10, CREATE).latin1(0x1a, key).int(0x28, revision));
  for (const step of yes) w.message(0x12, () => writeStep(w, step));
  for (const step of no) w.message(0x1a, () => writeStep(w, step));
  return w.finish();
}

const CREATE = 1;
const ASCEND = 1;
const BY_CREATE = 2;

function writeStep(w: Writer, step: Step): void {
  if ("put" in step) w.message(0x12, () => w.latin1(0x0a, step.put).latin1(0x12, step.value).id(0x18, step.lease));
  else if ("get" in step) w.message(0x0a, () => w.latin1(0x0a, step.get));
  else if ("delete" in step) w.message(0x1a, () => w.latin1(0x0a, step.delete));
  else {
    w.message(0x0a, () => w.latin1(0x0a, step.first).latin1(0x12, endOf(step.first)).int(0x18, 1).int(0x28, ASCEND).int(0x30, BY_CREATE));
  }
}

/** Where the keys of a prefix end; ours end in "/", so the last byte can grow. */
export const endOf = (prefix: Bytes): Bytes => prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);

export const prefixOf = (name: Buffer): Bytes => `${name.toString("latin1")}/`;

/** A contender's key: the prefix and its lease in hexadecimal, so that one lease is one contender. */
export const contenderKey = (prefix: Bytes, lease: string): Bytes => prefix + BigInt(lease).toString(16);
