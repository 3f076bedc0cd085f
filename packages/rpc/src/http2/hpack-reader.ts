import { ConnectionError, ERROR } from "./frames.ts";
import { decodeHuffman } from "./huffman.ts";

const INTEGER_MAX = 0xffffffff;
/** Bytes that an integer up to INTEGER_MAX may have behind its first: zeros without end are no number. */
const INTEGER_BYTES_MAX = 5;

/** @throws ConnectionError always */
export function malformed(what: string): never {
  throw new ConnectionError(ERROR.compression, `HPACK: ${what}`);
}

/** Reads a header block's integers and strings (RFC 7541, §5). */
export class HpackReader {
  private block: Buffer = Buffer.alloc(0);
  private at = 0;

  begin(block: Buffer): void {
    this.block = block;
    this.at = 0;
  }

  get done(): boolean {
    return this.at >= this.block.length;
  }

  /** The present byte; 0 at the end. */
  get next(): number {
    return this.block[this.at] ?? 0;
  }

  /** §5.1: what fits into the present byte's last bits, else the rest in groups of seven. @throws ConnectionError */
  integer(prefix_bits: number): number {
    const mask = 2 ** prefix_bits - 1;
    let value = this.byte() & mask;
    if (value < mask) return value;
    for (let i = 0, scale = 1; i < INTEGER_BYTES_MAX; i++, scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (value > INTEGER_MAX) break;
      if (byte < 128) return value;
    }
    return malformed("an integer is too large");
  }

  /** §5.2: one character for each byte. @throws ConnectionError */
  string(): string {
    const huffman = (this.next & 0x80) !== 0;
    const length = this.integer(7);
    const from = this.at;
    const to = from + length;
    if (to > this.block.length) malformed("a string is cut short");
    this.at = to;
    if (!huffman) return this.block.toString("latin1", from, to);
    return decodeHuffman(this.block, from, to) ?? malformed("a string is not valid Huffman code");
  }

  private byte(): number {
    if (this.done) malformed("a header block is cut short");
    return this.block[this.at++]!;
  }
}
