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

/** The message, if these bytes are exactly one: most requests come like that. */
export function wholeMessage(chunk: Buffer): Buffer | undefined {
  if (chunk.length < FRAME_HEADER_BYTES || chunk[0] !== 0) return undefined;
  return chunk.readUInt32BE(1) === chunk.length - FRAME_HEADER_BYTES ? chunk.subarray(FRAME_HEADER_BYTES) : undefined;
}

/** Cuts a byte stream into messages, copying only those that arrive in pieces. */
export class Deframer {
  private chunks: Buffer[] = [];
  private buffered = 0;
  private needed = FRAME_HEADER_BYTES;
  private readonly message_bytes_max: number;

  constructor(message_bytes_max: number) {
    this.message_bytes_max = message_bytes_max;
  }

  /** Whether part of a message is waiting for the rest. */
  get partial(): boolean {
    return this.buffered > 0;
  }

  /** @throws RpcError on a compressed or oversized message. */
  push(chunk: Buffer, onMessage: (message: Buffer) => void): void {
    let data = chunk;
    if (this.buffered > 0) {
      this.chunks.push(chunk);
      this.buffered += chunk.length;
      if (this.buffered < this.needed) return;
      data = Buffer.concat(this.chunks, this.buffered);
      this.chunks = [];
      this.buffered = 0;
    }
    let at = 0;
    while (data.length - at >= FRAME_HEADER_BYTES) {
      if (data[at] !== 0) throw new RpcError(Code.UNIMPLEMENTED, "grpc: Decompressor is not installed for grpc-encoding");
      const length = data.readUInt32BE(at + 1);
      if (length > this.message_bytes_max) {
        throw new RpcError(Code.RESOURCE_EXHAUSTED, `grpc: received message larger than max (${length} vs. ${this.message_bytes_max})`);
      }
      if (data.length - at - FRAME_HEADER_BYTES < length) {
        this.needed = FRAME_HEADER_BYTES + length;
        break;
      }
      onMessage(data.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + length));
      at += FRAME_HEADER_BYTES + length;
    }
    if (at < data.length) {
      const rest = data.subarray(at);
      this.chunks = [rest];
      this.buffered = rest.length;
      if (rest.length < FRAME_HEADER_BYTES) this.needed = FRAME_HEADER_BYTES;
    }
  }
}
