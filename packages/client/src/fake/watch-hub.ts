import { apiError } from "@flotilla/api";
import type { WatchEvent } from "../client.ts";

interface Entry {
  version: number;
  event: WatchEvent<any>;
}

/** The history of one resource and those who follow it. */
export class WatchHub {
  private readonly history: Entry[] = [];
  private compacted = 0;
  private readonly wake = new Set<() => void>();
  private epoch = 0;

  publish(version: number, event: WatchEvent<any>): void {
    this.history.push({ version, event });
    this.notify();
  }

  /** Forgets everything up to `version`: watches from before it are Expired. */
  compact(version: number): void {
    this.compacted = version;
  }

  /** Ends every open watch, as a server that restarts does. */
  disconnect(): void {
    this.epoch++;
    this.notify();
  }

  async *follow(from: number, signal?: AbortSignal): AsyncGenerator<WatchEvent<any>> {
    if (from < this.compacted) throw apiError("Expired", `too old resource version: ${from} (${this.compacted})`);
    const epoch = this.epoch;
    let position = this.history.findIndex((e) => e.version > from);
    if (position < 0) position = this.history.length;
    while (!signal?.aborted && epoch === this.epoch) {
      const next = this.history[position];
      if (next) {
        position++;
        yield structuredClone(next.event);
      } else await this.changed(signal);
    }
  }

  private changed(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.wake.delete(done);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      this.wake.add(done);
      signal?.addEventListener("abort", done, { once: true });
    });
  }

  private notify(): void {
    for (const wake of [...this.wake]) wake();
  }
}
