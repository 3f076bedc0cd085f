import type { IncomingHttpHeaders } from "node:http2";
import { huffmanDecode } from "./huffman.ts";

/** HTTP/2's header compression (RFC 7541), as far as a gRPC server needs it. */

export class HpackError extends Error {
  override name = "HpackError";
}

/** RFC 7541, Appendix A; index 1 comes first. */
const STATIC: readonly (readonly [string, string])[] = (
  ":authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|:status=204|:status=206|" +
  ":status=304|:status=400|:status=404|:status=500|accept-charset|accept-encoding=gzip, deflate|accept-language|accept-ranges|accept|" +
  "access-control-allow-origin|age|allow|authorization|cache-control|content-disposition|content-encoding|content-language|" +
  "content-length|content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|" +
  "if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|" +
  "referer|refresh|retry-after|server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate"
)
  .split("|")
  .map((entry) => {
    const at = entry.indexOf("=");
    return at < 0 ? ([entry, ""] as const) : ([entry.slice(0, at), entry.slice(at + 1)] as const);
  });
const FIRST_DYNAMIC = STATIC.length + 1;
const ENTRY_OVERHEAD_BYTES = 32;
/** What the other side may use: the protocol's default, which we do not change. */
const TABLE_BYTES_MAX = 4096;
/** A few indexed bytes can stand for long values: the sum is bounded as well. */
const HEADERS_BYTES_MAX = 64 << 10;

/** One per connection and direction: header blocks depend on those before them. */
export class HpackDecoder {
  /** Newest last. */
  private readonly table: (readonly [string, string])[] = [];
  private table_bytes = 0;
  private table_bytes_max = TABLE_BYTES_MAX;
  private data: Buffer = Buffer.alloc(0);
  private at = 0;
  /** The last block that left the table alone: the same bytes mean the same headers. */
  private known: { block: Buffer; headers: IncomingHttpHeaders } | undefined;

  /** Do not change the result: calls with equal headers share it. @throws HpackError */
  decode(block: Buffer): IncomingHttpHeaders {
    if (this.known?.block.equals(block)) return this.known.headers;
    const headers: IncomingHttpHeaders = Object.create(null);
    let pure = true;
    let bytes = 0;
    this.data = block;
    this.at = 0;
    while (this.at < block.length) {
      const first = block[this.at]!;
      let entry: readonly [string, string];
      if (first & 0x80) entry = this.entry(this.integer(7));
      else if ((first & 0xe0) === 0x20) {
        this.resize(this.integer(5));
        pure = false;
        continue;
      } else {
        const indexed = (first & 0xc0) === 0x40;
        entry = this.literal(indexed ? 6 : 4);
        if (indexed) this.add(entry);
        pure &&= !indexed;
      }
      const [name, value] = entry;
      bytes += name.length + value.length + ENTRY_OVERHEAD_BYTES;
      if (bytes > HEADERS_BYTES_MAX) throw new HpackError("the headers are too large");
      const before = headers[name];
      headers[name] = before === undefined ? value : `${before}, ${value}`;
    }
    this.known = pure ? { block: Buffer.from(block), headers } : undefined;
    return headers;
  }

  private entry(index: number): readonly [string, string] {
    const entry = index < FIRST_DYNAMIC ? STATIC[index - 1] : this.table[this.table.length - 1 - (index - FIRST_DYNAMIC)];
    if (!entry) throw new HpackError(`no header has the index ${index}`);
    return entry;
  }

  private literal(prefix_bits: number): readonly [string, string] {
    const index = this.integer(prefix_bits);
    const name = index === 0 ? this.text() : this.entry(index)[0];
    return [name, this.text()];
  }

  private add(entry: readonly [string, string]): void {
    this.table.push(entry);
    this.table_bytes += entry[0].length + entry[1].length + ENTRY_OVERHEAD_BYTES;
    this.evict();
  }

  private resize(bytes_max: number): void {
    if (bytes_max > TABLE_BYTES_MAX) throw new HpackError("the table may not be that large");
    this.table_bytes_max = bytes_max;
    this.evict();
  }

  private evict(): void {
    while (this.table_bytes > this.table_bytes_max) {
      const [name, value] = this.table.shift()!;
      this.table_bytes -= name.length + value.length + ENTRY_OVERHEAD_BYTES;
    }
  }

  /** §5.1: what fits into the prefix, else the rest in groups of seven bits. */
  private integer(prefix_bits: number): number {
    const mask = 2 ** prefix_bits - 1;
    let value = this.byte() & mask;
    if (value < mask) return value;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (value > 0xffffffff) throw new HpackError("an integer is too large");
      if (byte < 128) return value;
    }
  }

  private text(): string {
    const huffman = (this.data[this.at]! & 0x80) !== 0;
    const length = this.integer(7);
    const from = this.at;
    this.at += length;
    if (this.at > this.data.length) throw new HpackError("a string is cut short");
    if (!huffman) return this.data.toString("latin1", from, this.at);
    const text = huffmanDecode(this.data, from, this.at);
    if (text === undefined) throw new HpackError("a string is not valid Huffman code");
    return text;
  }

  private byte(): number {
    if (this.at >= this.data.length) throw new HpackError("a header block is cut short");
    return this.data[this.at++]!;
  }
}

const INDEXED_STATUS_200 = 0x88;
const CONTENT_TYPE = 31;
const LITERAL_INDEXED = 0x40;
/** Once both are in the table: the type was first, so the newer status stands before it. */
const STEADY_OPENING = Buffer.of(INDEXED_STATUS_200, 0x80 | (FIRST_DYNAMIC + 1));
const STEADY_OK = Buffer.of(0x80 | FIRST_DYNAMIC);

/**
 * The few header blocks a gRPC server sends. The two that come with every call
 * are put into the receiver's table once, and are two bytes and one from then on.
 */
export class ResponseHeaders {
  private mayIndex = true;
  private resize = false;
  private readonly indexed: ("type" | "status")[] = [];

  /** The receiver's table is smaller than the default: do without it, and say so before the next block (§4.2). */
  dropTable(): void {
    this.resize = this.mayIndex;
    this.mayIndex = false;
    this.indexed.length = 0;
  }

  /** `:status: 200`, `content-type: application/grpc`. */
  opening(): Buffer {
    if (this.indexed.length === 2) return STEADY_OPENING;
    return this.block(Buffer.of(INDEXED_STATUS_200), this.field("type", CONTENT_TYPE, "content-type", "application/grpc"));
  }

  /** `grpc-status: 0`. */
  ok(): Buffer {
    if (this.indexed.length === 2) return STEADY_OK;
    return this.block(this.field("status", 0, "grpc-status", "0"));
  }

  failed(code: string, message: string): Buffer {
    return this.block(literal(0, 0, "grpc-status", code), literal(0, 0, "grpc-message", message));
  }

  /** An answer that is nothing but an error. */
  refusal(code: string, message: string): Buffer {
    return this.block(this.opening(), literal(0, 0, "grpc-status", code), literal(0, 0, "grpc-message", message));
  }

  private field(key: "type" | "status", nameIndex: number, name: string, value: string): Buffer {
    if (!this.mayIndex) return literal(0, nameIndex, name, value);
    const at = this.indexed.indexOf(key);
    if (at >= 0) return Buffer.of(0x80 | (FIRST_DYNAMIC + at));
    this.indexed.unshift(key);
    return literal(LITERAL_INDEXED, nameIndex, name, value);
  }

  private block(...parts: Buffer[]): Buffer {
    if (this.resize) {
      this.resize = false;
      parts.unshift(Buffer.of(0x20));
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }
}

/** A literal field (§6.2); `nameIndex` fits its prefix, or is 0 for a name in full. */
function literal(kind: number, nameIndex: number, name: string, value: string): Buffer {
  const prefix = kind === LITERAL_INDEXED ? 63 : 15;
  const head = nameIndex < prefix ? [kind | nameIndex] : [kind | prefix, nameIndex - prefix];
  return Buffer.concat([Buffer.from(head), ...(nameIndex === 0 ? [text(name)] : []), text(value)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  const head: number[] = [Math.min(bytes.length, 127)];
  for (let rest = bytes.length - 127; rest >= 0; rest = Math.floor(rest / 128)) {
    head.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.from(head), bytes]);
}
