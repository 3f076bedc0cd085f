import type { Event } from "@flotilla/api";

/** What happens to one report: a new Event, a higher count on an old one, or nothing (too many). */
export type Correlation = { kind: "new"; key: string; message: string } | { kind: "again"; key: string; known: Event } | { kind: "drop" };

export interface Report {
  /** Identifies the object, with its field path. */
  object: string;
  type: string;
  reason: string;
  message: string;
}

/** client-go tools/record: sizes and rates. */
const KEYS_MAX = 4_096;
const SIMILAR_MAX = 10;
const SIMILAR_WINDOW_MS = 600_000;
const BURST = 25;
const REFILL_MS = 300_000;

/**
 * Decides what becomes of a report, as client-go's EventCorrelator: same object, reason and
 * message count up; more than ten different messages in ten minutes fold into one; a source
 * that floods one object is dropped (25 at once, then one each five minutes).
 */
export class EventCorrelator {
  private readonly known = new Lru<Event>(KEYS_MAX);
  private readonly similar = new Lru<{ messages: Set<string>; last_ms: number }>(KEYS_MAX);
  private readonly buckets = new Lru<{ tokens: number; at_ms: number }>(KEYS_MAX);

  correlate(report: Report, now_ms: number): Correlation {
    if (!this.allow(report.object, now_ms)) return { kind: "drop" };
    const group = [report.object, report.type, report.reason].join("\n");
    const folded = this.isFlood(group, report.message, now_ms);
    const key = folded ? group : `${group}\n${report.message}`;
    const message = folded ? `(combined from similar events): ${report.message}` : report.message;
    const known = this.known.get(key);
    return known ? { kind: "again", key, known } : { kind: "new", key, message };
  }

  /** The server took the event so. */
  wrote(key: string, event: Event): void {
    this.known.set(key, event);
  }

  forget(key: string): void {
    this.known.delete(key);
  }

  private isFlood(group: string, message: string, now_ms: number): boolean {
    const before = this.similar.get(group);
    const fresh = !before || now_ms - before.last_ms > SIMILAR_WINDOW_MS;
    const entry = fresh ? { messages: new Set<string>(), last_ms: now_ms } : before;
    entry.last_ms = now_ms;
    if (entry.messages.size <= SIMILAR_MAX) entry.messages.add(message);
    this.similar.set(group, entry);
    return entry.messages.size >= SIMILAR_MAX;
  }

  private allow(object: string, now_ms: number): boolean {
    const bucket = this.buckets.get(object) ?? { tokens: BURST, at_ms: now_ms };
    const tokens = Math.min(BURST, bucket.tokens + (now_ms - bucket.at_ms) / REFILL_MS);
    const allowed = tokens >= 1;
    this.buckets.set(object, { tokens: allowed ? tokens - 1 : tokens, at_ms: now_ms });
    return allowed;
  }
}

/** Bounded; forgets what was used longest ago. */
class Lru<V> {
  private readonly entries = new Map<string, V>();
  private readonly max: number;

  constructor(max: number) {
    this.max = max;
  }

  get(key: string): V | undefined {
    const value = this.entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size > this.max) this.entries.delete(this.entries.keys().next().value!);
  }

  delete(key: string): void {
    this.entries.delete(key);
  }
}
