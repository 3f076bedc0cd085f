import { decodeHuffman } from "./huffman.ts";

/** RFC 7541, appendix A: name, or name and value. */
const STATIC =
  `:authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https|:status 200|:status 204|:status 206|
:status 304|:status 400|:status 404|:status 500|accept-charset|accept-encoding gzip, deflate|accept-language|accept-ranges|accept|
access-control-allow-origin|age|allow|authorization|cache-control|content-disposition|content-encoding|content-language|content-length|
content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|
if-unmodified-since|last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|
server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate`
    .replaceAll("\n", "")
    .split("|")
    .map((entry) => {
      const [name, ...value] = entry.split(" ");
      return [name!, value.join(" ")] as const;
    });

export type Headers = Record<string, string>;

/** Blocks come again and again: the same few answers to thousands of calls. */
const KNOWN_MAX = 64;
const KNOWN_BYTES_MAX = 128;

/**
 * Header blocks of a peer that was told to keep no dynamic table (SETTINGS_HEADER_TABLE_SIZE 0):
 * each block then stands for itself.
 */
export class HeaderDecoder {
  private readonly known = new Map<string, Headers>();

  /** @throws Error when the block is malformed. */
  decode(block: Buffer): Headers {
    if (block.length > KNOWN_BYTES_MAX) return decodeBlock(block);
    const key = block.toString("latin1");
    let headers = this.known.get(key);
    if (!headers) {
      headers = decodeBlock(block);
      if (this.known.size < KNOWN_MAX) this.known.set(key, headers);
    }
    return headers;
  }
}

function decodeBlock(block: Buffer): Headers {
  const headers: Headers = {};
  const reader = new Reader(block);
  while (!reader.done) {
    const first = reader.peek();
    if (first & 0x80) {
      const [name, value] = fromTable(reader.integer(7));
      headers[name] = value;
    } else if ((first & 0xe0) === 0x20) {
      // A new size of the dynamic table: only 0 is allowed, and nothing is in it.
      if (reader.integer(5) !== 0) throw new Error("HPACK: a dynamic table that was not allowed");
    } else {
      // With indexing (01), without (0000) or never (0001): all the same without a table.
      const index = reader.integer(first & 0x40 ? 6 : 4);
      const name = index === 0 ? reader.string() : fromTable(index)[0];
      headers[name] = reader.string();
    }
  }
  return headers;
}

function fromTable(index: number): readonly [string, string] {
  const entry = STATIC[index - 1];
  if (!entry) throw new Error(`HPACK: no entry ${index} in the table`);
  return entry;
}

class Reader {
  private at = 0;
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  peek(): number {
    return this.bytes[this.at]!;
  }

  /** An integer whose first `prefix` bits are in the present byte. */
  integer(prefix: number): number {
    const max = 2 ** prefix - 1;
    let value = this.byte() & max;
    if (value < max) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (shift > 28) throw new Error("HPACK: integer too large");
      if (!(byte & 0x80)) return value;
    }
  }

  string(): string {
    const huffman = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    if (this.at + length > this.bytes.length) throw new Error("HPACK: the string is longer than its block");
    const bytes = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return huffman ? decodeHuffman(bytes) : bytes.toString("latin1");
  }

  private byte(): number {
    if (this.done) throw new Error("HPACK: the block ends early");
    return this.bytes[this.at++]!;
  }
}

/** Literals without indexing and without Huffman coding: a few bytes more, and no state on either side. */
export function encodeHeaders(headers: Headers): Buffer {
  return Buffer.concat(Object.entries(headers).flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const length = bytes.length < 0x7f ? Buffer.of(bytes.length) : longLength(bytes.length);
  return Buffer.concat([length, bytes]);
}

function longLength(length: number): Buffer {
  const out = [0x7f];
  let rest = length - 0x7f;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out.push((rest % 0x80) | 0x80);
  out.push(rest);
  return Buffer.from(out);
}
