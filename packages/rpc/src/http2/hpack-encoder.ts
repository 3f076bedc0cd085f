/** Header blocks (RFC 7541, §5 and §6), without Huffman coding: a few bytes more, and no time spent. */

/** Fields by how the receiver keeps them. */
export const LITERAL = { indexed: 0x40, plain: 0 } as const;
const PREFIX_BITS = { [LITERAL.indexed]: 6, [LITERAL.plain]: 4 } as const;
const INDEXED = 0x80;

/** §6.1: a field that stands in the table. */
export const indexed = (index: number): Buffer => Buffer.from(integer(INDEXED, 7, index));

/** §6.2: a field whose value stands here; its name too, or where that stands in the table. */
export function literal(kind: (typeof LITERAL)[keyof typeof LITERAL], name: string | number, value: string): Buffer {
  const index = typeof name === "number" ? name : 0;
  const head = Buffer.from(integer(kind, PREFIX_BITS[kind], index));
  return Buffer.concat(typeof name === "number" ? [head, string(value)] : [head, string(name), string(value)]);
}

/** §6.3: the largest size of the receiver's table from here on. */
export const tableSize = (bytes: number): Buffer => Buffer.from(integer(0x20, 5, bytes));

/** A block that leaves the receiver's table alone: it means the same each time. */
export function encodeHeaders(headers: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(Object.entries(headers).map(([name, value]) => literal(LITERAL.plain, name, value)));
}

/** §5.1: what fits beside `first`, else the rest in groups of seven bits, the lowest first. */
function integer(first: number, prefix_bits: number, value: number): number[] {
  const mask = 2 ** prefix_bits - 1;
  if (value < mask) return [first | value];
  const bytes = [first | mask];
  let rest = value - mask;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return bytes;
}

/** §5.2: one byte for each character. */
function string(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([Buffer.from(integer(0, 7, bytes.length)), bytes]);
}
