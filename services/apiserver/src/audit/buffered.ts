import type { Clock, Timer } from "@flotilla/base";
import type { AuditBackend, Sink } from "./backend.ts";
import type { AuditEvent } from "./event.ts";
import type { Lost } from "./losses.ts";
import { Throttle } from "./throttle.ts";

export interface BatchOptions {
  /** Events that wait; those beyond it are lost. */
  bufferMax: number;
  batchMax: number;
  /** A batch that is not full is sent after this. */
  wait_ms: number;
  /** Of batches; undefined: as fast as the sink takes them. */
  throttle: { perSecond: number; burst: number } | undefined;
  /** Batches that may be under way together. */
  concurrencyMax: number;
}

/**
 * Batch mode: requests leave their events here and go on (upstream's plugin/buffered).
 * 1. At most `bufferMax` events wait and `concurrencyMax` batches are under way; what comes beyond is lost and counted.
 * 2. A full batch is sent at once, any other after `wait_ms`; closing sends what is left.
 */
export class BufferedBackend implements AuditBackend {
  private readonly clock: Clock;
  private readonly sink: Sink;
  private readonly options: BatchOptions;
  private readonly lost: Lost;
  private readonly throttle: Throttle | undefined;
  private readonly closing = new AbortController();
  private buffer: AuditEvent[] = [];
  private timer: Timer | undefined;
  /** The oldest has waited long enough, although its batch is not full. */
  private due = false;
  private pumping: Promise<void> | undefined;
  private readonly sending = new Set<Promise<void>>();

  constructor(clock: Clock, sink: Sink, options: BatchOptions, lost: Lost) {
    this.clock = clock;
    this.sink = sink;
    this.options = options;
    this.lost = lost;
    this.throttle = options.throttle && new Throttle(clock, options.throttle);
  }

  record(event: AuditEvent): Promise<boolean> {
    const full = this.buffer.length >= this.options.bufferMax;
    if (full || this.closing.signal.aborted) {
      this.lost("buffered", 1, new Error(full ? "audit buffer queue blocked" : "audit backend shut down"));
      return Promise.resolve(true);
    }
    this.buffer.push(event);
    this.wake();
    return Promise.resolve(true);
  }

  async close(): Promise<void> {
    this.due = true;
    this.closing.abort();
    this.timer?.cancel();
    this.wake();
    await this.pumping;
    const sent = Promise.all(this.sending);
    await this.sink.close();
    await sent;
  }

  private get ready(): boolean {
    return this.buffer.length >= this.options.batchMax || (this.due && this.buffer.length > 0);
  }

  private wake(): void {
    if (this.pumping) return;
    if (this.ready) {
      this.pumping = this.pump().finally(() => {
        this.pumping = undefined;
        if (this.buffer.length > 0) this.wake();
      });
    } else if (!this.closing.signal.aborted) {
      this.timer ??= this.clock.setTimeout(() => {
        this.timer = undefined;
        this.due = true;
        this.wake();
      }, this.options.wait_ms);
    }
  }

  private async pump(): Promise<void> {
    const { batchMax, concurrencyMax } = this.options;
    while (this.ready) {
      await this.throttle?.take(this.closing.signal);
      // Whoever closes the sink makes its last writes end.
      if (this.sending.size >= concurrencyMax && !this.closing.signal.aborted) await Promise.race(this.sending);
      this.timer?.cancel();
      this.timer = undefined;
      const batch = this.buffer.splice(0, batchMax);
      if (!this.closing.signal.aborted) this.due = false;
      const sent = this.send(batch).finally(() => this.sending.delete(sent));
      this.sending.add(sent);
    }
  }

  private async send(batch: AuditEvent[]): Promise<void> {
    try {
      await this.sink.write(batch);
    } catch (error) {
      this.lost(this.sink.name, batch.length, error as Error);
    }
  }
}
