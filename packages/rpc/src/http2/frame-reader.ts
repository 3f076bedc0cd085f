import { ConnectionError, ERROR, HEAD_BYTES } from "./frames.ts";

/** The payload is only there during the call. */
export type OnFrame = (type: number, flags: number, stream: number, payload: Buffer) => void;

/**
 * Cuts what a connection brings into frames (RFC 9113, §4.1). A frame that came whole is a view of its
 * chunk; one that came in pieces is put together in memory of its own, each piece copied once.
 */
export class FrameReader {
  private readonly onFrame: OnFrame;
  private readonly payload_bytes_max: number;
  /** The beginning of a frame: its head first, then, once that tells the length, all of it. */
  private partial: Buffer | undefined;
  private filled = 0;

  constructor(payload_bytes_max: number, onFrame: OnFrame) {
    this.payload_bytes_max = payload_bytes_max;
    this.onFrame = onFrame;
  }

  /** The chunk is not kept. @throws ConnectionError when a frame is too large, and whatever `onFrame` throws. */
  read(chunk: Buffer): void {
    let at = this.partial ? this.fill(this.partial, chunk, 0) : 0;
    while (chunk.length - at >= HEAD_BYTES) {
      const end = at + this.size(chunk, at);
      if (end > chunk.length) break;
      this.deliver(chunk, at, end);
      at = end;
    }
    if (at < chunk.length) this.fill(Buffer.allocUnsafe(HEAD_BYTES), chunk, at);
  }

  /** Completes `partial` from the chunk; returns where what follows begins. */
  private fill(partial: Buffer, chunk: Buffer, from: number): number {
    const at = from + chunk.copy(partial, this.filled, from);
    this.filled += at - from;
    this.partial = partial;
    if (this.filled < partial.length) return at;
    const size = this.size(partial, 0);
    if (size > partial.length) {
      const whole = Buffer.allocUnsafe(size);
      partial.copy(whole);
      return this.fill(whole, chunk, at);
    }
    this.partial = undefined;
    this.filled = 0;
    this.deliver(partial, 0, size);
    return at;
  }

  /** Of the frame whose head stands at `at`. */
  private size(bytes: Buffer, at: number): number {
    const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    if (length > this.payload_bytes_max) throw new ConnectionError(ERROR.frameSize, `a frame of ${length} bytes`);
    return HEAD_BYTES + length;
  }

  private deliver(bytes: Buffer, at: number, end: number): void {
    this.onFrame(bytes[at + 3]!, bytes[at + 4]!, bytes.readUInt32BE(at + 5) & 0x7fffffff, bytes.subarray(at + HEAD_BYTES, end));
  }
}
