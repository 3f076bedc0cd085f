/**
 * The file format of bbolt, etcd's database, as far as a snapshot needs it: a
 * B+ tree of pages. All numbers are little-endian.
 *
 *   page     id u64 | flags u16 | count u16 | overflow u32 | elements | data
 *   meta     magic u32 | version u32 | page size u32 | flags u32 | root u64 | sequence u64 |
 *            freelist u64 | end u64 | transaction u64 | FNV-1a 64 of what is before it
 *   leaf     flags u32 (1: a bucket) | position u32 | key size u32 | value size u32
 *   branch   position u32 | key size u32 | page u64
 *
 * A position counts from its element. A page with an overflow of n takes n + 1
 * pages' room. A bucket's value is its root page and a sequence; root 0 means
 * that the bucket's only page follows in the value itself.
 */
export const PAGE_BYTES = 4096;
export const PAGE_HEADER_BYTES = 16;
export const LEAF_ELEMENT_BYTES = 16;
export const BRANCH_ELEMENT_BYTES = 16;
export const BUCKET_HEADER_BYTES = 16;
export const META_BYTES = 64;
export const META_SUM_AT = 56;

export const MAGIC = 0xed0cdaed;
export const VERSION = 2;
export const FLAGS = { branch: 0x01, leaf: 0x02, meta: 0x04, freelist: 0x10 } as const;
export const BUCKET_FLAG = 1;

/** FNV-1a, 64 bits. */
export function fnv64(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}
