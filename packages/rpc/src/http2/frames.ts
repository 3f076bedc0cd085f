/** RFC 9113, section 6. */
export const FRAME = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;
export const SETTING = { headerTableSize: 1, enablePush: 2, maxConcurrentStreams: 3, initialWindowSize: 4, maxFrameSize: 5 } as const;

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
export const HEADER_BYTES = 9;
export const FRAME_BYTES_DEFAULT = 16_384;
export const WINDOW_BYTES_DEFAULT = 65_535;
export const CANCEL = 8;

/** A frame's header, with room for `room` bytes of payload behind it that the caller fills. */
export function frameHeader(type: number, flags: number, stream: number, length: number, room = 0): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + room);
  bytes.writeUIntBE(length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  return bytes;
}

export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const bytes = frameHeader(type, flags, stream, payload.length, payload.length);
  payload.copy(bytes, HEADER_BYTES);
  return bytes;
}

export function settingsFrame(settings: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.allocUnsafe(settings.length * 6);
  settings.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  });
  return frame(FRAME.settings, 0, 0, payload);
}

export function numberFrame(type: number, stream: number, value: number): Buffer {
  const bytes = frameHeader(type, 0, stream, 4, 4);
  bytes.writeUInt32BE(value, HEADER_BYTES);
  return bytes;
}

export interface Frame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

/** Cuts what a socket brings into frames; their payloads are only there until the next read. */
export class FrameReader {
  private readonly bytesMax: number;
  private chunks: Buffer[] = [];
  private size = 0;

  /** @param bytesMax the largest payload that the peer may send */
  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** @throws Error when a frame is too large. */
  *read(chunk: Buffer): Generator<Frame> {
    this.size += chunk.length;
    if (this.size < this.wanted) {
      this.chunks.push(Buffer.from(chunk));
      return;
    }
    let bytes = this.chunks.length === 0 ? chunk : Buffer.concat([...this.chunks, chunk]);
    while (bytes.length >= HEADER_BYTES) {
      const length = bytes.readUIntBE(0, 3);
      if (length > this.bytesMax) throw new Error(`HTTP/2: a frame of ${length} bytes`);
      if (bytes.length < HEADER_BYTES + length) break;
      const payload = bytes.subarray(HEADER_BYTES, HEADER_BYTES + length);
      yield { type: bytes[3]!, flags: bytes[4]!, stream: bytes.readUInt32BE(5) & 0x7fffffff, payload };
      bytes = bytes.subarray(HEADER_BYTES + length);
    }
    this.chunks = bytes.length > 0 ? [Buffer.from(bytes)] : [];
    this.size = bytes.length;
    this.wanted = bytes.length >= HEADER_BYTES ? HEADER_BYTES + bytes.readUIntBE(0, 3) : HEADER_BYTES;
  }

  /** Joining chunks is put off until a whole frame is there. */
  private wanted = HEADER_BYTES;
}
