import type { Clock, Timer } from "@flotilla/base";

/**
 * Calls `flush` at once after a quiet time, and at most once per `period_ms` under
 * load: every watcher costs a write per flush, so many changes share one.
 */
export class FlushPacer {
  private readonly clock: Clock;
  private readonly period_ms: number;
  private readonly flush: () => void;
  private last_ms = Number.NEGATIVE_INFINITY;
  private timer: Timer | undefined;

  constructor(clock: Clock, period_ms: number, flush: () => void) {
    this.clock = clock;
    this.period_ms = period_ms;
    this.flush = flush;
  }

  changed(): void {
    if (this.timer) return;
    const wait_ms = this.last_ms + this.period_ms - this.clock.monotonic();
    if (wait_ms <= 0) this.run();
    else this.timer = this.clock.setTimeout(() => this.run(), wait_ms);
  }

  stop(): void {
    this.timer?.cancel();
  }

  private run(): void {
    this.timer = undefined;
    this.last_ms = this.clock.monotonic();
    this.flush();
  }
}
