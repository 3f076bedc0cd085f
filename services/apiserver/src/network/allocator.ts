import { apiError } from "@flotilla/api";
import { type Random, randomInt } from "@flotilla/base";
import type { Store } from "../storage/store.ts";

const ATTEMPTS_MAX = 64;

/**
 * Hands out numbers (offsets of addresses, ports), each to one owner, for all
 * replicas at once: a number is a key in the store, made only if it is not there,
 * so two servers cannot hand out the same. Keys are `/registry/allocations/<pool>/<number>`.
 */
export class Allocator {
  private readonly store: Store;
  private readonly random: Random;
  private readonly pool: string;
  private readonly first: number;
  private readonly last: number;
  /** Automatic choices start here: the numbers below are left to those who ask for a certain one (KEP-3070). */
  private readonly dynamicFirst: number;

  constructor(store: Store, random: Random, pool: string, range: { first: number; last: number; reserved: number }) {
    this.store = store;
    this.random = random;
    this.pool = pool;
    this.first = range.first;
    this.last = range.last;
    this.dynamicFirst = Math.min(range.first + range.reserved, range.last);
  }

  includes(number: number): boolean {
    return number >= this.first && number <= this.last;
  }

  get range(): string {
    return `${this.first}-${this.last}`;
  }

  /** Whether `owner` holds the number now. */
  async claim(number: number, owner: string): Promise<boolean> {
    const result = await this.store.create(this.key(number), Buffer.from(JSON.stringify({ metadata: { name: String(number) }, owner })));
    return result.ok || (result.current?.object as { owner?: string } | undefined)?.owner === owner;
  }

  /** @throws ApiError InternalError when the range is full. */
  async claimAny(owner: string): Promise<number> {
    const cache = this.store.cache("allocations");
    for (const [low, high] of [
      [this.dynamicFirst, this.last],
      [this.first, this.dynamicFirst - 1],
    ] as const) {
      for (let attempt = 0; attempt < ATTEMPTS_MAX && high >= low; attempt++) {
        const number = this.freeFrom(low + randomInt(this.random, high - low + 1), low, high, (n) => cache.get(this.key(n)) === undefined);
        if (number === undefined) break;
        if (await this.claim(number, owner)) return number;
        await this.store.fresh();
      }
    }
    throw apiError("InternalError", `${this.pool}: range is full`);
  }

  async release(number: number, owner: string): Promise<void> {
    const entry = await this.store.read(this.key(number));
    if (entry && (entry.object as { owner?: string }).owner === owner) await this.store.remove(entry.key, entry.revision);
  }

  private freeFrom(start: number, low: number, high: number, free: (n: number) => boolean): number | undefined {
    const size = high - low + 1;
    for (let i = 0; i < size; i++) {
      const candidate = low + ((start - low + i) % size);
      if (free(candidate)) return candidate;
    }
    return undefined;
  }

  private key(number: number): string {
    return `/registry/allocations/${this.pool}/${number}`;
  }
}
