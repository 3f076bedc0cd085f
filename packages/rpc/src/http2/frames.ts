/** HTTP/2's frames (RFC 9113, §4 and §6), for both ends: the store's server and `connection.ts`, the client. */

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** END_STREAM and ACK share a bit: the one is for DATA and HEADERS, the other for SETTINGS and PING. */
export const FLAG = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** RFC 9113, §7. */
export const ERROR = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refused: 7,
  cancel: 8,
  compression: 9,
  calm: 11,
} as const;

/** What a client sends before its first frame (§3.4). */
export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
export const HEAD_BYTES = 9;

/** The connection is beyond use; `code` says why, in GOAWAY where there is one to tell. */
export class ConnectionError extends Error {
  override name = "ConnectionError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(`HTTP/2: ${message}`);
    this.code = code;
  }
}

/** Writes a frame's head; returns where its payload begins. */
export function writeHead(out: Buffer, at: number, length: number, type: number, flags: number, stream: number): number {
  out[at] = length >> 16;
  out[at + 1] = length >> 8;
  out[at + 2] = length;
  out[at + 3] = type;
  out[at + 4] = flags;
  out.writeUInt32BE(stream, at + 5);
  return at + HEAD_BYTES;
}

/** A head alone: its payload follows as it is, without being copied. */
export function headOf(type: number, flags: number, stream: number, length: number): Buffer {
  const out = Buffer.allocUnsafe(HEAD_BYTES);
  writeHead(out, 0, length, type, flags, stream);
  return out;
}

export function frameOf(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  writeHead(out, 0, payload.length, type, flags, stream);
  out.set(payload, HEAD_BYTES);
  return out;
}

/** A frame of numbers of four bytes: WINDOW_UPDATE, RST_STREAM, GOAWAY. */
export function numberFrame(type: number, stream: number, ...values: number[]): Buffer {
  const out = Buffer.allocUnsafe(HEAD_BYTES + 4 * values.length);
  let at = writeHead(out, 0, 4 * values.length, type, 0, stream);
  for (const value of values) at = out.writeUInt32BE(value, at);
  return out;
}

/** An acknowledgement of SETTINGS or PING. */
export const ackOf = (type: number, payload: Uint8Array = Buffer.alloc(0)): Buffer => frameOf(type, FLAG.ack, 0, payload);
