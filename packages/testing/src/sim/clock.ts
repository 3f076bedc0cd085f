import type { Clock, Timer } from "@flotilla/base";

interface Entry {
  at_ms: number;
  order: number;
  fn: () => void;
  period_ms?: number;
  cancelled: boolean;
}

/**
 * Virtual time: nothing happens until `advance`. Timers due at the same instant
 * fire in the order they were set, so runs repeat exactly.
 */
export class FakeClock implements Clock {
  private current_ms = 0;
  private order = 0;
  private readonly entries = new Set<Entry>();
  private readonly epoch_ms: number;

  constructor(epoch_ms = Date.UTC(2025, 0, 1)) {
    this.epoch_ms = epoch_ms;
  }

  now(): number {
    return this.epoch_ms + this.current_ms;
  }

  monotonic(): number {
    return this.current_ms;
  }

  setTimeout(fn: () => void, delay_ms: number): Timer {
    return this.add({ at_ms: this.current_ms + Math.max(0, delay_ms), order: this.order++, fn, cancelled: false });
  }

  setInterval(fn: () => void, period_ms: number): Timer {
    return this.add({ at_ms: this.current_ms + period_ms, order: this.order++, fn, period_ms, cancelled: false });
  }

  /** Milliseconds to the next timer; undefined when none is set. */
  nextTimer_ms(): number | undefined {
    const next = this.next();
    return next && next.at_ms - this.current_ms;
  }

  /** Runs every timer due within `delta_ms`, in order, without yielding to promises. */
  advance(delta_ms: number): void {
    const end = this.current_ms + delta_ms;
    for (let next = this.next(); next && next.at_ms <= end; next = this.next()) this.fire(next);
    this.current_ms = end;
  }

  /** As `advance`, but lets promise continuations run after each timer. */
  async advanceAsync(delta_ms: number): Promise<void> {
    const end = this.current_ms + delta_ms;
    await settle();
    for (let next = this.next(); next && next.at_ms <= end; next = this.next()) {
      this.fire(next);
      await settle();
    }
    this.current_ms = end;
    await settle();
  }

  private add(entry: Entry): Timer {
    this.entries.add(entry);
    return {
      cancel: () => {
        entry.cancelled = true;
        this.entries.delete(entry);
      },
    };
  }

  private next(): Entry | undefined {
    let best: Entry | undefined;
    for (const e of this.entries) {
      if (!best || e.at_ms < best.at_ms || (e.at_ms === best.at_ms && e.order < best.order)) best = e;
    }
    return best;
  }

  private fire(entry: Entry): void {
    this.current_ms = Math.max(this.current_ms, entry.at_ms);
    if (entry.period_ms === undefined) this.entries.delete(entry);
    else {
      entry.at_ms += entry.period_ms;
      entry.order = this.order++;
    }
    entry.fn();
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
