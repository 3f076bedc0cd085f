import { crc32 } from "node:zlib";

/**
 * Records as both the write-ahead log and the snapshots hold them:
 *
 *   length u32 | type u32 | CRC-32 of the payload u32 | CRC-32 of the three before u32 | payload
 *
 * The header has its own sum, so that a damaged length cannot pass for a torn
 * write. The type's highest bit says that all before this record was synced when
 * it was written: what stands before it can be damaged, but not torn.
 */
export const RECORD_HEADER_BYTES = 16;
export const RECORD_BYTES_MAX = 1 << 30;
const SECTOR_BYTES = 512;
const SYNCED_BEFORE = 0x80000000;

export function encodeRecord(type: number, payload: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(RECORD_HEADER_BYTES + payload.length);
  out.set(payload, RECORD_HEADER_BYTES);
  sealRecord(out, 0, type, payload.length);
  return out;
}

/** Writes the header of a record whose payload already stands behind it. */
export function sealRecord(out: Buffer, at: number, type: number, length: number): void {
  const payload = at + RECORD_HEADER_BYTES;
  out.writeUInt32LE(length, at);
  out.writeUInt32LE(type, at + 4);
  out.writeUInt32LE(crc32(out.subarray(payload, payload + length)), at + 8);
  out.writeUInt32LE(crc32(out.subarray(at, at + 12)), at + 12);
}

/** Says in a sealed record's header that all before it is synced. */
export function markSyncedBefore(record: Buffer): void {
  record.writeUInt32LE((record.readUInt32LE(4) | SYNCED_BEFORE) >>> 0, 4);
  record.writeUInt32LE(crc32(record.subarray(0, 12)), 12);
}

export interface DiskRecord {
  readonly type: number;
  readonly syncedBefore: boolean;
  readonly payload: Buffer;
  /** Where the next record begins. */
  readonly end: number;
}

/**
 * The record at `offset`; "end" at the end of the data. "torn" is what a write
 * that was cut short leaves behind: bytes missing, or sectors that never came
 * (zeros). Anything else that does not add up is "corrupt".
 */
export function readRecord(data: Buffer, offset: number): DiskRecord | "end" | "torn" | "corrupt" {
  if (offset === data.length) return "end";
  const rest = data.length - offset;
  if (rest < RECORD_HEADER_BYTES) return "torn";
  const header = data.subarray(offset, offset + RECORD_HEADER_BYTES);
  if (header.readUInt32LE(12) !== crc32(header.subarray(0, 12))) {
    return hasEmptySector(data, offset, offset + RECORD_HEADER_BYTES) ? "torn" : "corrupt";
  }
  const length = header.readUInt32LE(0);
  if (length > RECORD_BYTES_MAX) return "corrupt";
  const end = offset + RECORD_HEADER_BYTES + length;
  if (end > data.length) return "torn";
  const payload = data.subarray(offset + RECORD_HEADER_BYTES, end);
  if (crc32(payload) !== header.readUInt32LE(8)) return hasEmptySector(data, offset, end) ? "torn" : "corrupt";
  const type = header.readUInt32LE(4);
  return { type: (type & ~SYNCED_BEFORE) >>> 0, syncedBefore: type >= SYNCED_BEFORE, payload, end };
}

/**
 * Is there a whole record behind `offset` that was written after all before it
 * was synced? Then nothing there can be the rest of a write that was cut short.
 */
export function syncedBehind(data: Buffer, offset: number): boolean {
  for (let at = offset + 1; at + RECORD_HEADER_BYTES <= data.length; at++) {
    // The type's last byte is the cheapest thing to look at.
    if (data[at + 7] !== 0x80) continue;
    const record = readRecord(data, at);
    if (typeof record === "object" && record.syncedBefore) return true;
  }
  return false;
}

/** Does [from, to) touch a disk sector of which this part is all zero? */
function hasEmptySector(data: Buffer, from: number, to: number): boolean {
  for (let start = from; start < to; ) {
    const end = Math.min(to, (Math.floor(start / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    if (data.subarray(start, end).every((byte) => byte === 0)) return true;
    start = end;
  }
  return false;
}
