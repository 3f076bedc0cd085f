import { ConnectionError, DEFAULT_FRAME_BYTES_MAX, ERROR, HEAD_BYTES, PREFACE } from "./frame.ts";

export type OnFrame = (type: number, flags: number, stream: number, payload: Buffer) => void;

/** Cuts what a client sends into frames: first the preface (RFC 9113, §3.4), then frames (§4.1). */
export class FrameReader {
  private readonly onFrame: OnFrame;
  private prefaceMissing_bytes = PREFACE.length;
  private rest: Buffer | undefined;

  constructor(onFrame: OnFrame) {
    this.onFrame = onFrame;
  }

  /** @throws ConnectionError, and whatever `onFrame` throws. */
  read(chunk: Buffer): void {
    const data = this.rest ? Buffer.concat([this.rest, chunk]) : chunk;
    let at = this.preface(data);
    while (data.length - at >= HEAD_BYTES && this.prefaceMissing_bytes === 0) {
      const length = (data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!;
      if (length > DEFAULT_FRAME_BYTES_MAX) throw new ConnectionError(ERROR.frameSize, "frame too large");
      const end = at + HEAD_BYTES + length;
      if (end > data.length) break;
      this.onFrame(data[at + 3]!, data[at + 4]!, data.readUInt32BE(at + 5) & 0x7fffffff, data.subarray(at + HEAD_BYTES, end));
      at = end;
    }
    // A copy: what is left over must not keep the whole chunk.
    this.rest = at < data.length ? Buffer.from(data.subarray(at)) : undefined;
  }

  private preface(data: Buffer): number {
    if (this.prefaceMissing_bytes === 0) return 0;
    const from = PREFACE.length - this.prefaceMissing_bytes;
    const length = Math.min(data.length, this.prefaceMissing_bytes);
    if (data.toString("latin1", 0, length) !== PREFACE.slice(from, from + length)) throw new ConnectionError(ERROR.protocol, "no preface");
    this.prefaceMissing_bytes -= length;
    return length;
  }
}
