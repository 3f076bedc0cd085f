const ENCODER = new TextEncoder();

/** Builds one protobuf message in a growing buffer. */
export class ProtoWriter {
  #buffer = new Uint8Array(256);
  #length = 0;

  varint(field: number, value: number): void {
    this.#tag(field, 0);
    this.#signed(value);
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, 2);
    this.#unsigned(value.length);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  text(field: number, value: string): void {
    this.bytes(field, ENCODER.encode(value));
  }

  double(field: number, value: number): void {
    this.#tag(field, 1);
    this.#reserve(8);
    new DataView(this.#buffer.buffer).setFloat64(this.#length, value, true);
    this.#length += 8;
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
