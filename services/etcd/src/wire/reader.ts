/** A malformed message. Reported to the client as INVALID_ARGUMENT, never fatal. */
export class WireError extends Error {
  override name = "WireError";
}

/** Reads protobuf fields in order. Every access is checked against the end. */
export class Reader {
  private readonly buffer: Buffer;
  private at: number;
  private readonly end: number;

  constructor(buffer: Buffer, from = 0, to = buffer.length) {
    this.buffer = buffer;
    this.at = from;
    this.end = to;
  }

  /** The next field's tag, or 0 at the end. */
  tag(): number {
    return this.at >= this.end ? 0 : this.int();
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  /** An integer up to 2^53; beyond that it loses precision, negative int64 come out right. */
  int(): number {
    let result = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.at >= this.end) throw new WireError("truncated integer");
      const byte = this.buffer[this.at++]!;
      result += (byte & 127) * scale;
      if (byte < 128) {
        if (i === 9) return Number(BigInt.asIntN(64, this.bigAt(this.at - 10)));
        return result;
      }
      scale *= 128;
    }
    throw new WireError("integer of more than ten bytes");
  }

  bool(): boolean {
    return this.int() !== 0;
  }

  /** A signed 64-bit id in decimal. */
  id(): string {
    const from = this.at;
    const value = this.int();
    return Number.isSafeInteger(value) ? String(value) : BigInt.asIntN(64, this.bigAt(from)).toString();
  }

  /** An unsigned 64-bit id in decimal. */
  uid(): string {
    const from = this.at;
    const value = this.int();
    return value >= 0 && Number.isSafeInteger(value) ? String(value) : BigInt.asUintN(64, this.bigAt(from)).toString();
  }

  /** A view into the message, not a copy. */
  bytes(): Buffer {
    const [from, to] = this.block();
    return this.buffer.subarray(from, to);
  }

  latin1(): string {
    const [from, to] = this.block();
    return this.buffer.toString("latin1", from, to);
  }

  text(): string {
    const [from, to] = this.block();
    return this.buffer.toString("utf8", from, to);
  }

  /** A reader over an embedded message. */
  message(): Reader {
    const [from, to] = this.block();
    return new Reader(this.buffer, from, to);
  }

  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.int();
        return;
      case 1:
        this.advance(8);
        return;
      case 2:
        this.block();
        return;
      case 5:
        this.advance(4);
        return;
      default:
        throw new WireError(`unknown wire type ${tag & 7}`);
    }
  }

  private block(): [number, number] {
    const length = this.int();
    const from = this.at;
    this.advance(length);
    return [from, this.at];
  }

  private advance(count: number): void {
    if (count < 0 || this.at + count > this.end) throw new WireError("truncated field");
    this.at += count;
  }

  private bigAt(from: number): bigint {
    let result = 0n;
    for (let i = from, shift = 0n; ; i++, shift += 7n) {
      const byte = this.buffer[i]!;
      result |= BigInt(byte & 127) << shift;
      if (byte < 128) return result;
    }
  }
}
