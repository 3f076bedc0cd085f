const ENCODER = new TextEncoder();
/** A message's length is first given one byte; only longer messages are moved to make room. */
const SHORT_BYTES_MAX = 127;

/** Builds one protobuf message, with the messages inside it, in a single growing buffer. */
export class ProtoWriter {
  #buffer = new Uint8Array(512);
  #length = 0;

  varint(field: number, value: number): void {
    this.#tag(field, 0);
    this.#signed(value);
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, 2);
    this.#unsigned(value.length);
    this.raw(value);
  }

  text(field: number, value: string): void {
    const start = this.begin(field);
    this.#reserve(value.length * 3); // UTF-8 takes at most three bytes for each UTF-16 unit
    this.#length += ENCODER.encodeInto(value, this.#buffer.subarray(this.#length)).written;
    this.end(start);
  }

  double(field: number, value: number): void {
    this.#tag(field, 1);
    this.#reserve(8);
    new DataView(this.#buffer.buffer).setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** Opens a message inside this one; what follows belongs to it until `end` gets the number returned here. */
  begin(field: number): number {
    this.#tag(field, 2);
    this.#push(0);
    return this.#length;
  }

  end(start: number): void {
    const size = this.#length - start;
    if (size <= SHORT_BYTES_MAX) {
      this.#buffer[start - 1] = size;
      return;
    }
    const more = Math.floor(Math.log2(size) / 7);
    this.#reserve(more);
    this.#buffer.copyWithin(start + more, start, this.#length);
    const end = this.#length + more;
    this.#length = start - 1;
    this.#unsigned(size);
    this.#length = end;
  }

  /** Bytes as they are, without tag and length. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  #tag(field: number, wire: number): void {
    this.#unsigned(field * 8 + wire);
  }

  #signed(value: number): void {
    if (value >= 0 && value <= 0x7fffffff) return this.#unsigned(value);
    let rest = BigInt.asUintN(64, BigInt(Math.trunc(value)));
    while (rest >= 0x80n) {
      this.#push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.#push(Number(rest));
  }

  /** Below 2^31. */
  #unsigned(value: number): void {
    while (value >= 0x80) {
      this.#push((value & 0x7f) | 0x80);
      value >>>= 7;
    }
    this.#push(value);
  }

  #push(byte: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = byte;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const bigger = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + more));
    bigger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = bigger;
  }
}
