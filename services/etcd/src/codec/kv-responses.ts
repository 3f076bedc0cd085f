import { isTombstone, type OpResult, type RangeResult, type TxnResult, type Version } from "@flotilla/mvcc";
import { FRAME_HEADER_BYTES, sealFrame } from "../grpc/frames.ts";
import { Writer } from "../wire/writer.ts";

/** Responses of etcdserverpb.KV and Watch, written from the store's results without anything in between. */

/** The constant part of every ResponseHeader: cluster and member id. */
export class HeaderWriter {
  private readonly ids: Buffer;

  constructor(clusterId: string, memberId: string) {
    this.ids = Buffer.from(new Writer().id(0x08, clusterId).id(0x10, memberId).finish());
  }

  /** Field 1 of every response. */
  write(w: Writer, revision: number, term: number): Writer {
    return w.message(0x0a, () => {
      w.raw(this.ids).int(0x18, revision).int(0x20, term);
    });
  }
}

export function writeKeyValue(w: Writer, v: Version, keyOnly: boolean): void {
  w.latin1(0x0a, v.key).int(0x10, v.create).int(0x18, v.mod).int(0x20, v.version);
  if (!keyOnly) w.bytes(0x2a, v.bytes());
  w.id(0x30, v.lease);
}

export function writeRange(w: Writer, r: RangeResult, keysOnly: boolean): void {
  for (const v of r.kvs) w.message(0x12, () => writeKeyValue(w, v, keysOnly));
  w.bool(0x18, r.more).int(0x20, r.count);
}

export function writePut(w: Writer, prev: Version | undefined): void {
  if (prev) w.message(0x12, () => writeKeyValue(w, prev, false));
}

export function writeDelete(w: Writer, deleted: number, prev: readonly Version[]): void {
  w.int(0x10, deleted);
  for (const v of prev) w.message(0x1a, () => writeKeyValue(w, v, false));
}

/** The responses inside of a transaction carry the revision alone in their headers. */
export function writeTxn(w: Writer, t: TxnResult): void {
  w.bool(0x10, t.succeeded);
  for (const response of t.responses) w.message(0x1a, () => writeOp(w, response, t.revision));
}

const OP_TAGS = { range: 0x0a, put: 0x12, delete: 0x1a, txn: 0x22 } as const;

function writeOp(w: Writer, r: OpResult, revision: number): void {
  w.message(OP_TAGS[r.kind], () => {
    w.message(0x0a, () => w.int(0x18, revision));
    if (r.kind === "range") writeRange(w, r.range, r.keysOnly);
    else if (r.kind === "put") writePut(w, r.prev);
    else if (r.kind === "delete") writeDelete(w, r.deleted, r.prev);
    else writeTxn(w, r.txn);
  });
}

/** mvccpb.Event, with the version before when asked for and still there. */
export function encodeEvent(v: Version, withPrev: boolean): Buffer {
  const w = new Writer(v.key.length + v.size + 64);
  if (isTombstone(v)) {
    w.int(0x08, 1).message(0x12, () => w.latin1(0x0a, v.key).int(0x18, v.mod));
  } else w.message(0x12, () => writeKeyValue(w, v, false));
  const { prev } = v;
  if (withPrev && prev && !isTombstone(prev)) w.message(0x1a, () => writeKeyValue(w, prev, false));
  return w.finish();
}

/** A response as a sealed gRPC frame. */
export function framed(size: number, body: (w: Writer) => void): Buffer {
  const w = new Writer(size + FRAME_HEADER_BYTES, FRAME_HEADER_BYTES);
  body(w);
  return sealFrame(w.finish());
}
