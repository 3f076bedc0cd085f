import { apiError } from "@flotilla/api";
import { type Clock, sleep } from "@flotilla/base";
import type { Call } from "./call.ts";

/** How long an early request waits for the start before it is told to come back. */
const WAIT_MS = 2_000;
const HEALTH_PATH = /^\/(healthz|livez|readyz)(\/|$)/;

/**
 * Holds requests back until caches and default roles are there: before that, the
 * answer to "may I" would be a wrong no, and a component that hears it gives up.
 */
export class Readiness {
  private readonly clock: Clock;
  private waiting: (() => void)[] = [];
  private open = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get ready(): boolean {
    return this.open;
  }

  markReady(): void {
    this.open = true;
    for (const resolve of this.waiting) resolve();
    this.waiting = [];
  }

  /** @throws ApiError ServiceUnavailable, with Retry-After. */
  async admit(call: Call): Promise<void> {
    if (this.open || HEALTH_PATH.test(call.info.path)) return;
    const limit = new AbortController();
    await Promise.race([new Promise<void>((resolve) => this.waiting.push(resolve)), sleep(this.clock, WAIT_MS, limit.signal)]);
    limit.abort("admitted");
    if (!this.open)
      throw apiError("ServiceUnavailable", "the server is starting: the store has not answered yet", { retryAfterSeconds: 1 });
  }
}
