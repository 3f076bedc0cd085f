import { DecodeError } from "../schema/conform.ts";

const DECODER = new TextDecoder();

/** Walks the fields of one protobuf message. Every read is checked against the end of the message. */
export class ProtoReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  tag(): { field: number; wire: number } {
    const tag = Number(this.varint());
    const field = Math.floor(tag / 8);
    if (field === 0) throw new DecodeError(`proto: illegal tag 0 (wire type ${tag & 7})`);
    return { field, wire: tag & 7 };
  }

  /** Signed 64 bits; a number where it is exact. */
  varint(): bigint | number {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return low;
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new DecodeError("proto: integer overflow");
  }

  bytes(): Uint8Array {
    const length = Number(this.varint());
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length) throw new DecodeError("unexpected EOF");
    const slice = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return slice;
  }

  text(): string {
    return DECODER.decode(this.bytes());
  }

  double(): number {
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, this.#bytes.length - this.#at);
    if (view.byteLength < 8) throw new DecodeError("unexpected EOF");
    this.#at += 8;
    return view.getFloat64(0, true);
  }

  skip(wire: number): void {
    if (wire === 0) this.varint();
    else if (wire === 2) this.bytes();
    else if (wire === 1 || wire === 5) {
      this.#at += wire === 1 ? 8 : 4;
      if (this.#at > this.#bytes.length) throw new DecodeError("unexpected EOF");
    } else throw new DecodeError(`proto: illegal wireType ${wire}`);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new DecodeError("unexpected EOF");
    return byte;
  }
}
