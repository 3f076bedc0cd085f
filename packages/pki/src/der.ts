/**
 * The part of ASN.1 DER (ITU-T X.690) that X.509 and PKCS #10 need: writing, and
 * reading of short definite lengths into a tree.
 */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

export function encode(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
}

function lengthOf(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size]);
  const bytes: number[] = [];
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export const sequence = (...items: Uint8Array[]): Buffer => encode(TAG.sequence, ...items);
export const set = (...items: Uint8Array[]): Buffer => encode(TAG.set, ...items);
export const octets = (content: Uint8Array): Buffer => encode(TAG.octetString, content);
export const utf8 = (text: string): Buffer => encode(TAG.utf8String, Buffer.from(text, "utf8"));
export const boolean = (value: boolean): Buffer => encode(TAG.boolean, Buffer.from([value ? 0xff : 0]));
export const bits = (content: Uint8Array, unused = 0): Buffer => encode(TAG.bitString, Buffer.from([unused]), content);
/** Context-specific: `[n]`; constructed unless said otherwise. */
export const context = (n: number, content: Uint8Array, constructed = true): Buffer => encode((constructed ? 0xa0 : 0x80) | n, content);

/** A non-negative integer from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const trimmed = bytes.subarray(start);
  return encode(TAG.integer, Buffer.from(trimmed[0]! & 0x80 ? [0] : []), trimmed);
}

export function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split(".").map(Number);
  const bytes = [first! * 40 + second!];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return encode(TAG.oid, Buffer.from(bytes));
}

/** Validity times: UTCTime until 2049, GeneralizedTime after (RFC 5280, 4.1.2.5). */
export function time(epoch_ms: number): Buffer {
  const digits = `${new Date(epoch_ms).toISOString().slice(0, 19).replace(/[-:T]/g, "")}Z`;
  return Number(digits.slice(0, 4)) < 2050
    ? encode(TAG.utcTime, Buffer.from(digits.slice(2)))
    : encode(TAG.generalizedTime, Buffer.from(digits));
}

export interface DerNode {
  tag: number;
  /** The whole encoding, header included. */
  raw: Buffer;
  content: Buffer;
  /** Of constructed types; empty otherwise. */
  children: DerNode[];
}

export class DerError extends Error {
  override name = "DerError";
}

/** @throws DerError on anything that is not one complete DER value. */
export function decode(bytes: Uint8Array): DerNode {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { node, end } = readNode(buffer, 0, 0);
  if (end !== buffer.length) throw new DerError("data after the end of the value");
  return node;
}

const MAX_DEPTH = 16;

function readNode(buffer: Buffer, at: number, depth: number): { node: DerNode; end: number } {
  if (depth > MAX_DEPTH) throw new DerError("nested too deeply");
  if (at + 2 > buffer.length) throw new DerError("truncated value");
  const tag = buffer[at]!;
  let size = buffer[at + 1]!;
  let start = at + 2;
  if (size & 0x80) {
    const count = size & 0x7f;
    if (count === 0 || count > 4 || start + count > buffer.length) throw new DerError("bad length");
    size = buffer.readUIntBE(start, count);
    start += count;
  }
  const end = start + size;
  if (end > buffer.length) throw new DerError("truncated value");
  const node: DerNode = { tag, raw: buffer.subarray(at, end), content: buffer.subarray(start, end), children: [] };
  if (tag & 0x20) {
    for (let next = start; next < end; ) {
      const child = readNode(buffer.subarray(0, end), next, depth + 1);
      node.children.push(child.node);
      next = child.end;
    }
  }
  return { node, end };
}

export function decodeOid(content: Buffer): string {
  const arcs = [Math.floor(content[0]! / 40), content[0]! % 40];
  let value = 0;
  for (const byte of content.subarray(1)) {
    value = value * 128 + (byte & 0x7f);
    if (!(byte & 0x80)) {
      arcs.push(value);
      value = 0;
    }
  }
  return arcs.join(".");
}
