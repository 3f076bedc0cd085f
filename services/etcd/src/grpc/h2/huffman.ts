/**
 * The Huffman code of header strings (RFC 7541, Appendix B). It is canonical:
 * codes of one length follow each other in the order of their symbols, so the
 * lengths alone describe it. Symbol 256 is EOS, which must not appear.
 */
const LENGTHS_BITS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10,
  12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7,
  7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22,
  23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22,
  23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20,
  24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];
const EOS = 256;
const LENGTH_MAX_BITS = 30;

/** By length: the first code, how many there are, and their symbols in order. */
const CODES = Array.from({ length: LENGTH_MAX_BITS + 1 }, () => ({ first: 0, symbols: [] as number[] }));
for (const [symbol, bits] of LENGTHS_BITS.entries()) CODES[bits]!.symbols.push(symbol);
for (let bits = 1, next = 0; bits <= LENGTH_MAX_BITS; bits++) {
  next *= 2;
  CODES[bits]!.first = next;
  next += CODES[bits]!.symbols.length;
}

/** Decodes into one character per byte; undefined when the bits are not a valid string. */
export function huffmanDecode(data: Uint8Array, from: number, to: number): string | undefined {
  const out: number[] = [];
  let code = 0;
  let bits = 0;
  for (let i = from; i < to; i++) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((data[i]! >> bit) & 1);
      const { first, symbols } = CODES[++bits]!;
      const symbol = code >= first ? symbols[code - first] : undefined;
      if (symbol !== undefined) {
        if (symbol === EOS) return undefined;
        out.push(symbol);
        code = 0;
        bits = 0;
      } else if (bits === LENGTH_MAX_BITS) return undefined;
    }
  }
  // What is left is padding: less than a byte, all ones (§5.2).
  return bits < 8 && code === 2 ** bits - 1 ? String.fromCharCode(...out) : undefined;
}
