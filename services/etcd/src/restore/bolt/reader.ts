import {
  BRANCH_ELEMENT_BYTES,
  BUCKET_FLAG,
  BUCKET_HEADER_BYTES,
  FLAGS,
  fnv64,
  LEAF_ELEMENT_BYTES,
  MAGIC,
  META_BYTES,
  META_SUM_AT,
  PAGE_HEADER_BYTES,
  VERSION,
} from "./format.ts";

/** No tree is deeper. */
const DEPTH_MAX = 64;

interface Page {
  readonly flags: number;
  readonly count: number;
  /** Header, elements and data; all positions lie in here. */
  readonly bytes: Buffer;
}

type Visit = (key: Buffer, value: Buffer) => void;

/** Reads a bbolt database from memory. Every method throws an Error that names the damage. */
export class BoltReader {
  private readonly data: Buffer;
  private readonly page_bytes: number;
  private readonly root: number;
  /** Pages of the running walk: more than there are means a loop. */
  private seen = 0;

  constructor(data: Buffer) {
    this.data = data;
    const metas = [metaAt(data, 0), ...[4096, 8192, 16384, 65536].map((size) => metaAt(data, size))].filter((m) => m !== undefined);
    const newest = metas.sort((a, b) => (a.transaction < b.transaction ? 1 : -1))[0];
    if (!newest) throw new Error("not a database: no meta page is whole");
    this.page_bytes = newest.page_bytes;
    this.root = newest.root;
  }

  /** The names of the buckets, in order. */
  buckets(): string[] {
    const names: string[] = [];
    this.seen = 0;
    this.walk(this.page(this.root), 0, (key, _value, flags) => {
      if (flags & BUCKET_FLAG) names.push(key.toString());
    });
    return names;
  }

  /** Visits a bucket's items in key order; nothing when there is no such bucket. Views, not copies. */
  forEach(name: string, visit: Visit): void {
    let found: Buffer | undefined;
    this.seen = 0;
    this.walk(this.page(this.root), 0, (key, value, flags) => {
      if (flags & BUCKET_FLAG && key.toString() === name) found = value;
    });
    if (!found) return;
    if (found.length < BUCKET_HEADER_BYTES) throw new Error(`bucket ${name} has no header`);
    const root = Number(found.readBigUInt64LE(0));
    const page = root === 0 ? pageIn(found.subarray(BUCKET_HEADER_BYTES), `bucket ${name}`) : this.page(root);
    this.seen = 0;
    this.walk(page, 0, visit);
  }

  private walk(page: Page, depth: number, visit: (key: Buffer, value: Buffer, flags: number) => void): void {
    if (depth > DEPTH_MAX || ++this.seen > this.data.length / this.page_bytes) throw new Error("the tree of pages has a loop");
    for (let i = 0; i < page.count; i++) {
      if (page.flags === FLAGS.branch) {
        const at = elementAt(page, i, BRANCH_ELEMENT_BYTES);
        this.walk(this.page(Number(page.bytes.readBigUInt64LE(at + 8))), depth + 1, visit);
      } else {
        const at = elementAt(page, i, LEAF_ELEMENT_BYTES);
        const { bytes } = page;
        const from = at + bytes.readUInt32LE(at + 4);
        const middle = from + bytes.readUInt32LE(at + 8);
        const end = middle + bytes.readUInt32LE(at + 12);
        if (end > bytes.length) throw new Error("an item reaches beyond its page");
        visit(bytes.subarray(from, middle), bytes.subarray(middle, end), bytes.readUInt32LE(at));
      }
    }
  }

  private page(id: number): Page {
    const at = id * this.page_bytes;
    if (at + this.page_bytes > this.data.length) throw new Error(`page ${id} lies beyond the end of the file`);
    const overflow = this.data.readUInt32LE(at + 12);
    const end = at + (overflow + 1) * this.page_bytes;
    if (Number(this.data.readBigUInt64LE(at)) !== id || end > this.data.length) throw new Error(`page ${id} is damaged`);
    return pageIn(this.data.subarray(at, end), `page ${id}`);
  }
}

function pageIn(bytes: Buffer, name: string): Page {
  if (bytes.length < PAGE_HEADER_BYTES) throw new Error(`${name} is cut short`);
  const flags = bytes.readUInt16LE(8);
  if (flags !== FLAGS.branch && flags !== FLAGS.leaf) throw new Error(`${name} is neither branch nor leaf`);
  return { flags, count: bytes.readUInt16LE(10), bytes };
}

function elementAt(page: Page, i: number, size: number): number {
  const at = PAGE_HEADER_BYTES + i * size;
  if (at + size > page.bytes.length) throw new Error("a page has more elements than room");
  return at;
}

function metaAt(data: Buffer, at: number): { page_bytes: number; root: number; transaction: bigint } | undefined {
  const meta = data.subarray(at + PAGE_HEADER_BYTES, at + PAGE_HEADER_BYTES + META_BYTES);
  if (meta.length < META_BYTES || meta.readUInt32LE(0) !== MAGIC || meta.readUInt32LE(4) !== VERSION) return undefined;
  if (meta.readBigUInt64LE(META_SUM_AT) !== fnv64(meta.subarray(0, META_SUM_AT))) return undefined;
  return { page_bytes: meta.readUInt32LE(8), root: Number(meta.readBigUInt64LE(16)), transaction: meta.readBigUInt64LE(48) };
}
