import type { Clock } from "@flotilla/base";

interface Entry {
  reply: Buffer;
  until_ms: number;
}

/**
 * Upstream's replies, for a while. Bounded: the oldest entry leaves.
 * TTLs inside a reply are not counted down: nothing is kept longer than `CACHE_LIMIT_MS`.
 */
export class ReplyCache {
  private readonly entries = new Map<string, Entry>();
  private readonly clock: Clock;
  private readonly limit: number;

  constructor(clock: Clock, limit: number) {
    this.clock = clock;
    this.limit = limit;
  }

  get(key: string): Buffer | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    if (entry.until_ms > this.clock.monotonic()) return entry.reply;
    this.entries.delete(key);
    return undefined;
  }

  put(key: string, reply: Buffer, ttl_ms: number): void {
    if (ttl_ms <= 0) return;
    this.entries.delete(key);
    this.entries.set(key, { reply, until_ms: this.clock.monotonic() + ttl_ms });
    if (this.entries.size > this.limit) this.entries.delete(this.entries.keys().next().value!);
  }
}
