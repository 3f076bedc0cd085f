import { ConnectionError, ERROR, FLAG } from "./frames.ts";

/** What every frame's payload must look like (RFC 9113, §6), whoever reads it. */

/** §6.1: the bytes without their padding. @throws ConnectionError */
export function unpadded(flags: number, payload: Buffer): Buffer {
  if (!(flags & FLAG.padded)) return payload;
  const end = payload.length - (payload[0] ?? 0);
  // The padding's length is a byte of the payload itself.
  if (end < 1) throw new ConnectionError(ERROR.protocol, "padding");
  return payload.subarray(1, end);
}

const PRIORITY_BYTES = 5;

/** §6.2: a HEADERS frame's part of the block, without padding and priority. @throws ConnectionError */
export function headersPart(flags: number, payload: Buffer): Buffer {
  const part = unpadded(flags, payload);
  if (!(flags & FLAG.priority)) return part;
  if (part.length < PRIORITY_BYTES) throw new ConnectionError(ERROR.frameSize, "HEADERS");
  return part.subarray(PRIORITY_BYTES);
}

/** §6.9: room that WINDOW_UPDATE gives. @throws ConnectionError */
export function readIncrement(payload: Buffer): number {
  if (payload.length !== 4) throw new ConnectionError(ERROR.frameSize, "WINDOW_UPDATE");
  return payload.readUInt32BE(0) & 0x7fffffff;
}

/** §6.4: why the stream was reset. @throws ConnectionError */
export function readReset(stream: number, payload: Buffer): number {
  if (stream === 0 || payload.length !== 4) throw new ConnectionError(ERROR.frameSize, "RST_STREAM");
  return payload.readUInt32BE(0);
}

/** §6.7. @throws ConnectionError */
export function checkPing(stream: number, payload: Buffer): void {
  if (stream !== 0 || payload.length !== 8) throw new ConnectionError(ERROR.frameSize, "PING");
}

/** A stream or a connection, as the end that receives. */
export interface Receiver {
  /** Received since it last gave room back to the sender. */
  uncredited_bytes: number;
}

/**
 * Counts what was received; says how much room to give back now, or 0. It is due once half of the window
 * is used: one WINDOW_UPDATE then, not one for each frame that came.
 */
export function creditDue(receiver: Receiver, bytes: number, window_bytes: number): number {
  receiver.uncredited_bytes += bytes;
  const due = receiver.uncredited_bytes;
  if (due < window_bytes / 2) return 0;
  receiver.uncredited_bytes = 0;
  return due;
}
