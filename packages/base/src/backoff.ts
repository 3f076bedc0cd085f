import { jitter, type Random } from "./random.ts";

export interface BackoffOptions {
  initial_ms: number;
  max_ms: number;
  factor?: number; // 2
  jitter?: number; // 0: none
}

/** Exponential back-off per key, bounded by `max_ms`; `reset` forgets a key. */
export class Backoff<K = string> {
  private readonly options: BackoffOptions;
  private readonly random: Random;
  private readonly steps = new Map<K, number>();

  constructor(options: BackoffOptions, random: Random) {
    this.options = options;
    this.random = random;
  }

  /** The delay before the next attempt, in milliseconds; each call is one failure. */
  next(key: K): number {
    const step = this.steps.get(key) ?? 0;
    this.steps.set(key, step + 1);
    const { initial_ms, max_ms, factor = 2, jitter: amount = 0 } = this.options;
    return jitter(this.random, Math.min(initial_ms * factor ** step, max_ms), amount);
  }

  failures(key: K): number {
    return this.steps.get(key) ?? 0;
  }

  reset(key: K): void {
    this.steps.delete(key);
  }
}
