import { randomBytes, randomFillSync } from "node:crypto";
import type { Random } from "@flotilla/base";

/** Asking the system costs the same for a few bytes as for many: what is asked for often comes from here, each byte once. */
const pool = Buffer.alloc(4096);
const POOLED_BYTES_MAX = 64;
let used = pool.length;

function pooled(size: number): Buffer {
  if (used + size > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += size;
  const bytes = Buffer.from(pool.subarray(used - size, used));
  // What has been handed out does not stay behind: it may become a key.
  pool.fill(0, used - size, used);
  return bytes;
}

export const systemRandom: Random = {
  next: () => pooled(6).readUIntBE(0, 6) / 2 ** 48,
  bytes: (size) => (size <= POOLED_BYTES_MAX ? pooled(size) : randomBytes(size)),
};
