const PIECE_BYTES = 128 << 10;
const KEPT_MAX = 4;

/**
 * Memory for batches on their way out. A leader sends each entry to everyone, so
 * new memory every time would be the largest part of its garbage.
 */
export class SendMemory {
  private readonly free: Buffer[] = [];

  /** At least so many bytes. */
  take(bytes: number): Buffer {
    if (bytes > PIECE_BYTES) return Buffer.allocUnsafeSlow(bytes);
    return this.free.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
  }

  /** Nobody reads it any more. */
  giveBack(memory: Buffer): void {
    if (memory.length === PIECE_BYTES && this.free.length < KEPT_MAX) this.free.push(memory);
  }
}
