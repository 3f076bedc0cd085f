import { Code, RpcError } from "./status.ts";

/** Length-prefixed messages: one flag byte, four length bytes, the message (gRPC over HTTP/2). */
export const FRAME_HEADER_BYTES = 5;

/** Fills in the header of a message written behind `FRAME_HEADER_BYTES` reserved bytes. */
export function sealFrame(frame: Buffer): Buffer {
  frame[0] = 0;
  frame.writeUInt32BE(frame.length - FRAME_HEADER_BYTES, 1);
  return frame;
}

export function frame(message: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(FRAME_HEADER_BYTES + message.length);
  out.set(message, FRAME_HEADER_BYTES);
  return sealFrame(out);
}

/** A copy of the message, if these bytes are exactly one: most requests come like that. */
export function wholeMessage(chunk: Buffer): Buffer | undefined {
  if (chunk.length < FRAME_HEADER_BYTES || chunk[0] !== 0) return undefined;
  return chunk.readUInt32BE(1) === chunk.length - FRAME_HEADER_BYTES ? Buffer.from(chunk.subarray(FRAME_HEADER_BYTES)) : undefined;
}

/**
 * Cuts a byte stream into messages. Each message gets memory of its own and of
 * its size: chunks are the connection's and change with the next read, while a
 * batch of log entries stays for long.
 */
export class Deframer {
  private readonly header = Buffer.alloc(FRAME_HEADER_BYTES);
  private header_bytes = 0;
  /** The message that is being filled. */
  private message: Buffer | undefined;
  private filled = 0;
  private readonly message_bytes_max: number;

  constructor(message_bytes_max: number) {
    this.message_bytes_max = message_bytes_max;
  }

  /** @throws RpcError on a compressed or oversized message. */
  push(chunk: Buffer, onMessage: (message: Buffer) => void): void {
    for (let at = 0; at < chunk.length; ) {
      if (!this.message) {
        const taken = chunk.copy(this.header, this.header_bytes, at);
        this.header_bytes += taken;
        at += taken;
        if (this.header_bytes < FRAME_HEADER_BYTES) return;
        this.message = this.begin();
      }
      const taken = chunk.copy(this.message, this.filled, at);
      this.filled += taken;
      at += taken;
      if (this.filled < this.message.length) return;
      const { message } = this;
      this.message = undefined;
      onMessage(message);
    }
  }

  /** Memory for the message that the header announces. */
  private begin(): Buffer {
    this.header_bytes = 0;
    this.filled = 0;
    if (this.header[0] !== 0) throw new RpcError(Code.UNIMPLEMENTED, "grpc: Decompressor is not installed for grpc-encoding");
    const length = this.header.readUInt32BE(1);
    if (length > this.message_bytes_max) {
      throw new RpcError(Code.RESOURCE_EXHAUSTED, `grpc: received message larger than max (${length} vs. ${this.message_bytes_max})`);
    }
    return Buffer.allocUnsafe(length);
  }
}
