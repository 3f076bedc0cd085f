import type { Clock } from "@flotilla/base";

/** Upstream: after this, an observation is taken for lost and the controller looks again. */
const TIMEOUT_MS = 5 * 60_000;

interface Expected {
  creations: number;
  deletions: Set<string>;
  at_ms: number;
}

/**
 * What a controller has asked for and its cache has not shown yet. Without it, a
 * stale cache would make a ReplicaSet create its pods twice.
 * Invariants: counts never go below zero; a key nothing is expected of has no entry.
 */
export class Expectations {
  private readonly clock: Clock;
  private readonly entries = new Map<string, Expected>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** True when the cache shows everything asked for, or has had its time to. */
  satisfied(key: string): boolean {
    const entry = this.entries.get(key);
    return !entry || this.clock.monotonic() - entry.at_ms > TIMEOUT_MS;
  }

  expectCreations(key: string, count: number): void {
    if (count > 0) this.entry(key).creations += count;
  }

  /** `ids` tell the objects apart: a delete is seen first as a mark, then as the end. */
  expectDeletions(key: string, ids: string[]): void {
    for (const id of ids) this.entry(key).deletions.add(id);
  }

  /** Also for a creation that failed: it will never be seen. */
  creationObserved(key: string): void {
    const entry = this.entries.get(key);
    if (!entry) return;
    entry.creations = Math.max(0, entry.creations - 1);
    this.settle(key, entry);
  }

  deletionObserved(key: string, id: string): void {
    const entry = this.entries.get(key);
    if (entry?.deletions.delete(id)) this.settle(key, entry);
  }

  forget(key: string): void {
    this.entries.delete(key);
  }

  private entry(key: string): Expected {
    let entry = this.entries.get(key);
    if (!entry || this.clock.monotonic() - entry.at_ms > TIMEOUT_MS) {
      entry = { creations: 0, deletions: new Set(), at_ms: 0 };
      this.entries.set(key, entry);
    }
    entry.at_ms = this.clock.monotonic();
    return entry;
  }

  private settle(key: string, entry: Expected): void {
    if (entry.creations === 0 && entry.deletions.size === 0) this.entries.delete(key);
  }
}
