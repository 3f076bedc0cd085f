import { HpackReader, malformed } from "./hpack-reader.ts";
import { type Entry, FIRST_DYNAMIC, STATIC_TABLE } from "./static-table.ts";

/** Names are in lower case, values joined where a name comes again. */
export type Headers = Readonly<Record<string, string>>;

export interface DecoderLimits {
  /** What SETTINGS_HEADER_TABLE_SIZE allows the peer. */
  readonly table_bytes_max: number;
  /** Of one block's headers together, with 32 for each: a few indexed bytes can stand for long values. */
  readonly headers_bytes_max: number;
}

const ENTRY_OVERHEAD_BYTES = 32;
/** Blocks come again and again: the same few requests, the same few answers. */
const KNOWN_MAX = 8;
const KNOWN_BYTES_MAX = 512;

/**
 * Header blocks of one direction of a connection (RFC 7541): each depends on those before it.
 * Invariants:
 *  1. the table's bytes are those of its entries, and no more than its limit
 *  2. a known block's bytes mean its headers as long as the table stays what it is
 */
export class HpackDecoder {
  private readonly limits: DecoderLimits;
  private readonly reader = new HpackReader();
  /** Newest last. */
  private readonly table: Entry[] = [];
  private table_bytes = 0;
  private table_bytes_max: number;
  /** Blocks that left the table alone, since one last changed it; newest first. */
  private known: { readonly block: Buffer; readonly headers: Headers }[] = [];

  constructor(limits: DecoderLimits) {
    this.limits = limits;
    this.table_bytes_max = limits.table_bytes_max;
  }

  /** The result is shared with later calls; the block is not kept. @throws ConnectionError */
  decode(block: Buffer): Headers {
    for (const known of this.known) {
      if (known.block.length === block.length && known.block.equals(block)) return known.headers;
    }
    const { headers, pure } = this.read(block);
    if (!pure) this.known.length = 0;
    else if (block.length <= KNOWN_BYTES_MAX) this.remember(block, headers);
    return headers;
  }

  private remember(block: Buffer, headers: Headers): void {
    if (this.known.length === KNOWN_MAX) this.known.pop();
    // Memory of its own: a piece of Node's pool would keep all of it.
    const copy = Buffer.allocUnsafeSlow(block.length);
    block.copy(copy);
    this.known.unshift({ block: copy, headers });
  }

  /** `pure`: the table was left alone. */
  private read(block: Buffer): { headers: Headers; pure: boolean } {
    const { reader } = this;
    const headers: Record<string, string> = Object.create(null);
    let pure = true;
    let bytes = 0;
    reader.begin(block);
    while (!reader.done) {
      const first = reader.next;
      let entry: Entry;
      if (first & 0x80) entry = this.entry(reader.integer(7));
      else if ((first & 0xe0) === 0x20) {
        if (bytes > 0) malformed("a table's size in the middle of a block");
        this.resize(reader.integer(5));
        pure = false;
        continue;
      } else {
        // With indexing (01); without (0000) and never (0001) are the same to us.
        const indexed = (first & 0x40) !== 0;
        entry = this.literal(indexed ? 6 : 4);
        if (indexed) this.add(entry);
        pure &&= !indexed;
      }
      const [name, value] = entry;
      bytes += sizeOf(entry);
      if (bytes > this.limits.headers_bytes_max) malformed("the headers are too large");
      const before = headers[name];
      headers[name] = before === undefined ? value : `${before}, ${value}`;
    }
    return { headers, pure };
  }

  private entry(index: number): Entry {
    const entry = index < FIRST_DYNAMIC ? STATIC_TABLE[index - 1] : this.table[this.table.length - 1 - (index - FIRST_DYNAMIC)];
    return entry ?? malformed(`no header has the index ${index}`);
  }

  private literal(prefix_bits: number): Entry {
    const index = this.reader.integer(prefix_bits);
    const name = index === 0 ? this.reader.string() : this.entry(index)[0];
    return [name, this.reader.string()];
  }

  private add(entry: Entry): void {
    this.table.push(entry);
    this.table_bytes += sizeOf(entry);
    this.evict();
  }

  private resize(bytes_max: number): void {
    if (bytes_max > this.limits.table_bytes_max) malformed("the table may not be that large");
    this.table_bytes_max = bytes_max;
    this.evict();
  }

  private evict(): void {
    while (this.table_bytes > this.table_bytes_max) this.table_bytes -= sizeOf(this.table.shift()!);
  }
}

const sizeOf = ([name, value]: Entry): number => name.length + value.length + ENTRY_OVERHEAD_BYTES;
