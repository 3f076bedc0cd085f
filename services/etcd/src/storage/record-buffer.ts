import { RECORD_HEADER_BYTES, sealRecord } from "./record.ts";

const FIRST_BYTES = 64 << 10;
/** Room beyond this is given back: a few large writes should not stay with the process. */
const KEPT_BYTES_MAX = 4 << 20;

/**
 * Records one after another in one piece of memory that is used again and again:
 * everything written goes through here, and would be garbage a moment later.
 */
export class RecordBuffer {
  private memory = Buffer.allocUnsafeSlow(FIRST_BYTES);
  private used = 0;

  get length(): number {
    return this.used;
  }

  /** A view of everything added, until `clear`. */
  get bytes(): Buffer {
    return this.memory.subarray(0, this.used);
  }

  /** Adds a record; `write` puts its payload into the buffer from the given offset on. */
  add(type: number, length: number, write: (out: Buffer, at: number) => void): void {
    const at = this.used;
    this.reserve(RECORD_HEADER_BYTES + length);
    write(this.memory, at + RECORD_HEADER_BYTES);
    sealRecord(this.memory, at, type, length);
    this.used += RECORD_HEADER_BYTES + length;
  }

  addBytes(type: number, payload: Uint8Array): void {
    this.add(type, payload.length, (out, at) => out.set(payload, at));
  }

  clear(): void {
    this.used = 0;
    if (this.memory.length > KEPT_BYTES_MAX) this.memory = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }

  private reserve(more: number): void {
    if (this.used + more <= this.memory.length) return;
    const bigger = Buffer.allocUnsafeSlow(Math.max(this.memory.length * 2, this.used + more));
    this.memory.copy(bigger, 0, 0, this.used);
    this.memory = bigger;
  }
}
