const CHUNK_BYTES = 256 << 10;
/** More than this gets memory of its own. */
const SHARED_BYTES_MAX = CHUNK_BYTES >> 4;

/**
 * Memory for log entries. They are let go of in the order they came in, so
 * what shares a chunk ends at about the same time. In Node's common pool they
 * would stand between things that live for a moment, and keep those alive:
 * three bytes for each of theirs.
 */
export class Arena {
  private chunk = Buffer.allocUnsafeSlow(0);
  private used = 0;

  take(length: number): Buffer {
    if (length > SHARED_BYTES_MAX) return Buffer.allocUnsafeSlow(length);
    if (this.used + length > this.chunk.length) {
      this.chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      this.used = 0;
    }
    const from = this.used;
    this.used += length;
    return this.chunk.subarray(from, this.used);
  }

  copy(bytes: Uint8Array): Buffer {
    const out = this.take(bytes.length);
    out.set(bytes);
    return out;
  }
}
