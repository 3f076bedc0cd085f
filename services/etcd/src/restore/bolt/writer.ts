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
  PAGE_BYTES,
  PAGE_HEADER_BYTES,
  VERSION,
} from "./format.ts";

/** Items of a bucket, in key order. Sizes are asked first, for all; then each item once. */
export interface Bucket {
  readonly name: string;
  readonly count: number;
  /** Bytes of key and value together. */
  size(i: number): number;
  key(i: number): Buffer;
  value(i: number): Buffer;
}

interface Run {
  readonly from: number;
  readonly to: number;
  readonly page: number;
  readonly pages: number;
}

/** Where a bucket's pages go: its leaves, then level over level of branches up to the root. */
interface Plan {
  readonly bucket: Bucket;
  readonly leaves: Run[];
  readonly branches: Run[][];
  readonly root: number;
}

const FREELIST_PAGE = 2;
const ROOT_PAGE = 3;
/** A branch with fewer would make no level smaller than the one below. */
const CHILDREN_MIN = 2;
const CHUNK_BYTES = 256 << 10;

/**
 * A database with these buckets (in order of their names), piece by piece from
 * its first byte on. Every page is full and none is free: it is meant to be read.
 */
export function* writeBolt(buckets: readonly Bucket[]): Generator<Buffer> {
  let next = ROOT_PAGE + 1;
  const plans = buckets.map((bucket) => {
    const plan = planOf(bucket, next);
    next = plan.root + rootPages(plan);
    return plan;
  });
  const head = Buffer.alloc((ROOT_PAGE + 1) * PAGE_BYTES);
  writeMeta(head, 0, next);
  writeMeta(head, 1, next);
  writePageHeader(head, FREELIST_PAGE * PAGE_BYTES, FREELIST_PAGE, FLAGS.freelist, 0, 1);
  writeBucketList(head, plans);
  yield head;
  for (const plan of plans) yield* writeBucket(plan);
}

/** How long the database will be, in bytes. */
export function boltSize(buckets: readonly Bucket[]): number {
  let next = ROOT_PAGE + 1;
  for (const bucket of buckets) {
    const plan = planOf(bucket, next);
    next = plan.root + rootPages(plan);
  }
  return next * PAGE_BYTES;
}

function planOf(bucket: Bucket, first: number): Plan {
  const leaves = cut(bucket.count, first, (i) => LEAF_ELEMENT_BYTES + bucket.size(i));
  const branches: Run[][] = [];
  for (let below = leaves; below.length > 1; below = branches.at(-1)!) {
    const children = below;
    const keySize = (i: number) => BRANCH_ELEMENT_BYTES + firstKey(bucket, leaves, branches, branches.length, i).length;
    branches.push(cut(children.length, after(children), keySize, CHILDREN_MIN));
  }
  return { bucket, leaves, branches, root: (branches.at(-1) ?? leaves)[0]!.page };
}

/** The smallest key below the i-th page of a level (0: the leaves). */
function firstKey(bucket: Bucket, leaves: Run[], branches: Run[][], level: number, i: number): Buffer {
  let at = i;
  for (let l = level; l > 0; l--) at = branches[l - 1]![at]!.from;
  return bucket.key(leaves[at]!.from);
}

/** Cuts `count` elements into pages: at least one page, and on each but the last at least `min` elements. */
function cut(count: number, first: number, size: (i: number) => number, min = 1): Run[] {
  const runs: Run[] = [];
  let page = first;
  let from = 0;
  do {
    let bytes = PAGE_HEADER_BYTES;
    let to = from;
    while (to < count) {
      const more = size(to);
      if (to >= from + min && bytes + more > PAGE_BYTES) break;
      bytes += more;
      to++;
    }
    const pages = Math.ceil(bytes / PAGE_BYTES);
    runs.push({ from, to, page, pages });
    page += pages;
    from = to;
  } while (from < count);
  return runs;
}

const after = (runs: Run[]) => runs.at(-1)!.page + runs.at(-1)!.pages;
const rootPages = ({ leaves, branches }: Plan) => (branches.at(-1) ?? leaves)[0]!.pages;

function* writeBucket({ bucket, leaves, branches }: Plan): Generator<Buffer> {
  let pages: Buffer[] = [];
  let bytes = 0;
  const keep = function* (page: Buffer): Generator<Buffer> {
    pages.push(page);
    bytes += page.length;
    if (bytes < CHUNK_BYTES) return;
    yield Buffer.concat(pages);
    pages = [];
    bytes = 0;
  };
  for (const run of leaves) yield* keep(leafPage(bucket, run));
  for (const [level, runs] of branches.entries()) {
    const children = level === 0 ? leaves : branches[level - 1]!;
    for (const run of runs) yield* keep(branchPage(run, children, (i) => firstKey(bucket, leaves, branches, level, i)));
  }
  if (bytes > 0) yield Buffer.concat(pages);
}

function leafPage(bucket: Bucket, run: Run): Buffer {
  const out = Buffer.alloc(run.pages * PAGE_BYTES);
  writePageHeader(out, 0, run.page, FLAGS.leaf, run.to - run.from, run.pages);
  let data = PAGE_HEADER_BYTES + (run.to - run.from) * LEAF_ELEMENT_BYTES;
  for (let i = run.from; i < run.to; i++) {
    const element = PAGE_HEADER_BYTES + (i - run.from) * LEAF_ELEMENT_BYTES;
    data += writeLeafElement(out, element, data, 0, bucket.key(i), bucket.value(i));
  }
  return out;
}

function branchPage(run: Run, children: Run[], keyOf: (i: number) => Buffer): Buffer {
  const out = Buffer.alloc(run.pages * PAGE_BYTES);
  writePageHeader(out, 0, run.page, FLAGS.branch, run.to - run.from, run.pages);
  let data = PAGE_HEADER_BYTES + (run.to - run.from) * BRANCH_ELEMENT_BYTES;
  for (let i = run.from; i < run.to; i++) {
    const element = PAGE_HEADER_BYTES + (i - run.from) * BRANCH_ELEMENT_BYTES;
    const key = keyOf(i);
    out.writeUInt32LE(data - element, element);
    out.writeUInt32LE(key.length, element + 4);
    out.writeBigUInt64LE(BigInt(children[i]!.page), element + 8);
    out.set(key, data);
    data += key.length;
  }
  return out;
}

function writeBucketList(head: Buffer, plans: Plan[]): void {
  const page = head.subarray(ROOT_PAGE * PAGE_BYTES);
  writePageHeader(page, 0, ROOT_PAGE, FLAGS.leaf, plans.length, 1);
  let data = PAGE_HEADER_BYTES + plans.length * LEAF_ELEMENT_BYTES;
  for (const [i, { bucket, root }] of plans.entries()) {
    const value = Buffer.alloc(BUCKET_HEADER_BYTES);
    value.writeBigUInt64LE(BigInt(root), 0);
    data += writeLeafElement(page, PAGE_HEADER_BYTES + i * LEAF_ELEMENT_BYTES, data, BUCKET_FLAG, Buffer.from(bucket.name), value);
  }
}

function writeLeafElement(out: Buffer, element: number, data: number, flags: number, key: Buffer, value: Buffer): number {
  out.writeUInt32LE(flags, element);
  out.writeUInt32LE(data - element, element + 4);
  out.writeUInt32LE(key.length, element + 8);
  out.writeUInt32LE(value.length, element + 12);
  out.set(key, data);
  out.set(value, data + key.length);
  return key.length + value.length;
}

function writePageHeader(out: Buffer, at: number, id: number, flags: number, count: number, pages: number): void {
  out.writeBigUInt64LE(BigInt(id), at);
  out.writeUInt16LE(flags, at + 8);
  out.writeUInt16LE(count, at + 10);
  out.writeUInt32LE(pages - 1, at + 12);
}

/** Both metas are the same but for the transaction: the reader takes the newer one that is whole. */
function writeMeta(head: Buffer, page: number, end: number): void {
  const at = page * PAGE_BYTES;
  writePageHeader(head, at, page, FLAGS.meta, 0, 1);
  const meta = head.subarray(at + PAGE_HEADER_BYTES, at + PAGE_HEADER_BYTES + META_BYTES);
  meta.writeUInt32LE(MAGIC, 0);
  meta.writeUInt32LE(VERSION, 4);
  meta.writeUInt32LE(PAGE_BYTES, 8);
  meta.writeBigUInt64LE(BigInt(ROOT_PAGE), 16);
  meta.writeBigUInt64LE(BigInt(FREELIST_PAGE), 32);
  meta.writeBigUInt64LE(BigInt(end), 40);
  meta.writeBigUInt64LE(BigInt(page + 1), 48);
  meta.writeBigUInt64LE(fnv64(meta.subarray(0, META_SUM_AT)), META_SUM_AT);
}
