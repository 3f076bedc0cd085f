/**
 * The Huffman code of header strings (RFC 7541, appendix B). It is canonical: codes of one length follow
 * each other in the order of their symbols, so the lengths alone describe it.
 * Bits of the code for bytes 0 to 255, and for the end of the string, which must not appear.
 */
const BITS = `
13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28
6 10 10 12 13 6 8 11 10 10 8 11 8 6 6 6 5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10
13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 8 7 8 13 19 13 14 6
15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5 6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28
20 22 20 20 22 22 22 23 22 23 23 23 23 23 24 23 24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24
22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23 21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23
26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25 19 21 26 27 27 26 27 24 21 21 26 26 28 27 27 27
20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23 26 27 26 26 27 27 27 27 27 28 27 27 27 27 27 26
30`;
const END = 256;
const SHORTEST_BITS = 5;
const PADDING_BITS_MAX = 7;

/** Two numbers for each inner node, where a 0 and a 1 lead: another node's place, or a symbol, negative and less one. */
const TREE = build(BITS.trim().split(/\s+/).map(Number));

function build(bits: readonly number[]): Int16Array {
  const tree = new Int16Array(2 * (bits.length - 1));
  const symbols = bits.map((length, symbol) => ({ length, symbol })).sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  let nodes = 1;
  let code = 0;
  let before = symbols[0]!.length;
  for (const { length, symbol } of symbols) {
    code *= 2 ** (length - before);
    before = length;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const side = node + ((code >>> bit) & 1);
      if (tree[side] === 0) tree[side] = 2 * nodes++;
      node = tree[side]!;
    }
    tree[node + (code & 1)] = -1 - symbol;
    code++;
  }
  return tree;
}

/** The string coded in `bytes[from, to)`, one character for each byte of it; undefined when it is not valid (§5.2). */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number): string | undefined {
  const out = Buffer.allocUnsafe(Math.floor(((to - from) * 8) / SHORTEST_BITS));
  let size = 0;
  let node = 0;
  let pending_bits = 0;
  let ones = true;
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    for (let bit = 7; bit >= 0; bit--) {
      const side = (byte >> bit) & 1;
      pending_bits++;
      ones &&= side === 1;
      node = TREE[node + side]!;
      if (node >= 0) continue;
      if (node === -1 - END) return undefined;
      out[size++] = -1 - node;
      node = 0;
      pending_bits = 0;
      ones = true;
    }
  }
  // What is left is padding: less than a byte, all ones.
  return pending_bits <= PADDING_BITS_MAX && ones ? out.toString("latin1", 0, size) : undefined;
}
