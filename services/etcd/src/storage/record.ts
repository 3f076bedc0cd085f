import { crc32 } from "node:zlib";

/**
 * Records as both the write-ahead log and the snapshots hold them:
 *
 *   length u32 | type u32 | CRC-32 of the payload u32 | CRC-32 of the three before u32 | payload
 *
 * The header has its own sum, so that a damaged length cannot pass for a torn write.
 */
export const RECORD_HEADER_BYTES = 16;
export const RECORD_BYTES_MAX = 1 << 30;
const SECTOR_BYTES = 512;

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

export interface DiskRecord {
  readonly type: number;
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
  return { type: header.readUInt32LE(4), payload, end };
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
