import { Backoff, type Clock, type Random, type Timer } from "@flotilla/base";

export interface QueueOptions {
  /** First and longest delay of `addRateLimited`. */
  initial_ms?: number;
  max_ms?: number;
}

/** Upstream waits up to 1000 s; here a repaired cluster should heal in sight of its user. */
const DEFAULTS = { initial_ms: 5, max_ms: 30_000 };

/**
 * A queue of keys to reconcile, as client-go's workqueue.
 * Owns which keys are due and which are being worked on. Invariants:
 * 1. A key is at most once in the queue, so its length is bounded by the number of objects.
 * 2. A key is never given to two workers; added while in work, it comes again after `done`.
 * 3. Of several delayed adds of one key, the earliest counts.
 */
export class WorkQueue {
  private readonly clock: Clock;
  private readonly backoff: Backoff;
  private readonly due = new Set<string>();
  private readonly working = new Set<string>();
  private readonly again = new Set<string>();
  private readonly delayed = new Map<string, { timer: Timer; at_ms: number }>();
  private readonly waiters: ((key: string | undefined) => void)[] = [];
  private closed = false;

  constructor(ports: { clock: Clock; random: Random }, options: QueueOptions = {}) {
    this.clock = ports.clock;
    this.backoff = new Backoff({ ...DEFAULTS, ...options }, ports.random);
  }

  get length(): number {
    return this.due.size;
  }

  add(key: string): void {
    if (this.closed) return;
    if (this.working.has(key)) {
      this.again.add(key);
      return;
    }
    const waiter = this.due.has(key) ? undefined : this.waiters.shift();
    if (!waiter) {
      this.due.add(key);
      return;
    }
    this.working.add(key);
    waiter(key);
  }

  addAfter(key: string, delay_ms: number): void {
    if (this.closed) return;
    if (delay_ms <= 0) {
      this.add(key);
      return;
    }
    const at_ms = this.clock.monotonic() + delay_ms;
    const before = this.delayed.get(key);
    if (before && before.at_ms <= at_ms) return;
    before?.timer.cancel();
    const timer = this.clock.setTimeout(() => {
      this.delayed.delete(key);
      this.add(key);
    }, delay_ms);
    this.delayed.set(key, { timer, at_ms });
  }

  /** After a failure: each one doubles the delay until `forget`. */
  addRateLimited(key: string): void {
    this.addAfter(key, this.backoff.next(key));
  }

  failures(key: string): number {
    return this.backoff.failures(key);
  }

  forget(key: string): void {
    this.backoff.reset(key);
  }

  /** The next key, or undefined once closed. Each key taken must be given back by `done`. */
  take(): Promise<string | undefined> {
    if (this.closed) return Promise.resolve(undefined);
    for (const key of this.due) {
      this.due.delete(key);
      this.working.add(key);
      return Promise.resolve(key);
    }
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  done(key: string): void {
    this.working.delete(key);
    if (this.again.delete(key)) this.add(key);
  }

  close(): void {
    this.closed = true;
    for (const { timer } of this.delayed.values()) timer.cancel();
    this.delayed.clear();
    for (const waiter of this.waiters.splice(0)) waiter(undefined);
  }
}
