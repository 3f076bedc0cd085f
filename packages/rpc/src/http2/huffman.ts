/**
 * The Huffman code of HPACK (RFC 7541, appendix B). It is canonical: the lengths alone say the codes.
 * Bits of the code for bytes 0 to 255, and for the end of the string.
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
const PADDING_BITS_MAX = 7;

/** [next at 0, next at 1] for each inner node; a leaf is its symbol, negative and less one. */
const TREE = build(BITS.trim().split(/\s+/).map(Number));

function build(bits: readonly number[]): [number, number][] {
  const tree: [number, number][] = [[0, 0]];
  const symbols = bits.map((length, symbol) => ({ length, symbol })).sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  let code = 0;
  let before = symbols[0]!.length;
  for (const { length, symbol } of symbols) {
    code *= 2 ** (length - before);
    before = length;
    put(tree, code, length, symbol);
    code++;
  }
  return tree;
}

function put(tree: [number, number][], code: number, length: number, symbol: number): void {
  let node = 0;
  for (let bit = length - 1; bit > 0; bit--) {
    const side = (code >>> bit) & 1;
    if (tree[node]![side] === 0) tree[node]![side] = tree.push([0, 0]) - 1;
    node = tree[node]![side]!;
  }
  tree[node]![code & 1] = -1 - symbol;
}

/** @throws Error when the padding is none. */
export function decodeHuffman(bytes: Buffer): string {
  const out: number[] = [];
  let node = 0;
  let depth = 0;
  let ones = true;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const side = (byte >> bit) & 1;
      depth++;
      ones &&= side === 1;
      node = TREE[node]![side]!;
      if (node >= 0) continue;
      const symbol = -1 - node;
      if (symbol === END) throw new Error("HPACK: the end of a string within it");
      out.push(symbol);
      [node, depth, ones] = [0, 0, true];
    }
  }
  if (depth > PADDING_BITS_MAX || !ones) throw new Error("HPACK: wrong padding");
  return Buffer.from(out).toString("latin1");
}
