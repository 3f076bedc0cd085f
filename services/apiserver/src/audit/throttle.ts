import { type Clock, sleep } from "@flotilla/base";

/** A token bucket: `burst` at once, then `perSecond` on average (client-go's flowcontrol). */
export class Throttle {
  private readonly clock: Clock;
  private readonly perSecond: number;
  private readonly burst: number;
  private tokens: number;
  private filled_ms: number;

  constructor(clock: Clock, { perSecond, burst }: { perSecond: number; burst: number }) {
    this.clock = clock;
    this.perSecond = perSecond;
    this.burst = burst;
    this.tokens = burst;
    this.filled_ms = clock.monotonic();
  }

  /** Resolves when it is the caller's turn, or at once when the signal aborts. One caller at a time. */
  async take(signal: AbortSignal): Promise<void> {
    const now = this.clock.monotonic();
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.filled_ms) / 1000) * this.perSecond);
    this.filled_ms = now;
    this.tokens--;
    if (this.tokens < 0) await sleep(this.clock, (-this.tokens / this.perSecond) * 1000, signal);
  }
}
