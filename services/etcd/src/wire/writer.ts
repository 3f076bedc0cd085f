/**
 * A protobuf writer for the hot paths: one growing buffer, byte strings
 * written straight into it, no intermediate objects. Field numbers come in as
 * ready-made tags: `field << 3 | wire type`.
 */
export class Writer {
  private buffer: Buffer;
  private at: number;
  private readonly start: number;

  /** `reserve` bytes stay free at the front, for a frame header. `memory` is written into as far as it reaches. */
  constructor(size = 256, reserve = 0, memory?: Buffer) {
    this.buffer = memory ?? Buffer.allocUnsafe(Math.max(size, reserve + 32));
    this.at = reserve;
    this.start = reserve;
  }

  get length(): number {
    return this.at - this.start;
  }

  /** Everything written, the reserved front included. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.at);
  }

  /** Raw bytes without tag. */
  raw(bytes: Uint8Array): this {
    this.grow(bytes.length);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
    return this;
  }

  /** A non-negative integer up to 2^53. */
  varint(value: number): this {
    this.grow(10);
    let v = value;
    while (v >= 0x80000000) {
      this.buffer[this.at++] = (v % 128) | 0x80;
      v = Math.floor(v / 128);
    }
    while (v > 127) {
      this.buffer[this.at++] = (v & 127) | 0x80;
      v >>>= 7;
    }
    this.buffer[this.at++] = v;
    return this;
  }

  /** An integer field; zero is left out. Negative values take ten bytes, as int64. */
  int(tag: number, value: number): this {
    if (value === 0) return this;
    this.varint(tag);
    return value > 0 ? this.varint(value) : this.big(BigInt(value));
  }

  bool(tag: number, value: boolean): this {
    return value ? this.varint(tag).varint(1) : this;
  }

  /** A 64-bit id in decimal, signed or not; "0" is left out. */
  id(tag: number, value: string): this {
    if (value === "0" || value === "") return this;
    this.varint(tag);
    return value.length < 16 && value[0] !== "-" ? this.varint(Number(value)) : this.big(BigInt(value));
  }

  bytes(tag: number, value: Uint8Array): this {
    return value.length === 0 ? this : this.varint(tag).varint(value.length).raw(value);
  }

  /** A byte string (one character, one byte). */
  latin1(tag: number, value: string): this {
    if (value.length === 0) return this;
    this.varint(tag).varint(value.length);
    this.grow(value.length);
    this.buffer.write(value, this.at, "latin1");
    this.at += value.length;
    return this;
  }

  /** Text, as UTF-8. */
  text(tag: number, value: string): this {
    return value.length === 0 ? this : this.bytes(tag, Buffer.from(value, "utf8"));
  }

  /** An embedded message: what `body` writes, with its length before it. */
  message(tag: number, body: () => void): this {
    this.varint(tag);
    this.grow(1);
    const from = ++this.at;
    body();
    let length = this.at - from;
    let extra = 0;
    for (let l = length; l > 127; l >>>= 7) extra++;
    if (extra > 0) {
      this.grow(extra);
      this.buffer.copyWithin(from + extra, from, this.at);
      this.at += extra;
    }
    for (let i = from - 1; ; i++) {
      if (length <= 127) {
        this.buffer[i] = length;
        return this;
      }
      this.buffer[i] = (length & 127) | 0x80;
      length >>>= 7;
    }
  }

  private big(value: bigint): this {
    this.grow(10);
    let v = BigInt.asUintN(64, value);
    while (v > 127n) {
      this.buffer[this.at++] = Number(v & 127n) | 0x80;
      v >>= 7n;
    }
    this.buffer[this.at++] = Number(v);
    return this;
  }

  private grow(more: number): void {
    if (this.at + more <= this.buffer.length) return;
    const bigger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.at + more));
    this.buffer.copy(bigger, 0, 0, this.at);
    this.buffer = bigger;
  }
}
