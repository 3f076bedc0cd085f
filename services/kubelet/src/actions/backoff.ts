/** CrashLoopBackOff: 10 s doubling to 5 min; forgotten after twice the maximum. */
export const BACKOFF_INITIAL_MS = 10_000;
export const BACKOFF_MAX_MS = 300_000;

interface Entry {
  delay_ms: number;
  updated_ms: number;
}

/**
 * Delays per key as client-go's flowcontrol.Backoff keeps them: the first failure
 * is free, each later one must wait out the delay since its event.
 */
export class KeyedBackoff {
  private readonly entries = new Map<string, Entry>();
  private readonly initial_ms: number;
  private readonly max_ms: number;

  constructor(initial_ms = BACKOFF_INITIAL_MS, max_ms = BACKOFF_MAX_MS) {
    this.initial_ms = initial_ms;
    this.max_ms = max_ms;
  }

  /** Milliseconds still to wait after an event at `event_ms`; 0: go ahead. */
  remaining_ms(key: string, event_ms: number, now_ms: number): number {
    const entry = this.entry(key, event_ms);
    return entry ? Math.max(0, event_ms + entry.delay_ms - now_ms) : 0;
  }

  delay_ms(key: string): number {
    return this.entries.get(key)?.delay_ms ?? 0;
  }

  /** Counts one more attempt. */
  next(key: string, event_ms: number): void {
    const entry = this.entry(key, event_ms);
    const delay_ms = entry ? Math.min(entry.delay_ms * 2, this.max_ms) : this.initial_ms;
    this.entries.set(key, { delay_ms, updated_ms: event_ms });
  }

  forget(prefix: string): void {
    for (const key of this.entries.keys()) if (key.startsWith(prefix)) this.entries.delete(key);
  }

  private entry(key: string, event_ms: number): Entry | undefined {
    const entry = this.entries.get(key);
    if (entry && event_ms - entry.updated_ms > 2 * this.max_ms) {
      this.entries.delete(key);
      return undefined;
    }
    return entry;
  }
}

/** Go's Duration.String for whole seconds: 10s, 1m20s, 5m0s. */
export function goDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
