/**
 * Time as a port. Everything that waits or reads the time takes a Clock, so that
 * the same component runs in real time and in the simulator's virtual time.
 * The real one is `@flotilla/process/system-clock.ts`, the simulated one
 * `@flotilla/testing/sim/clock.ts`.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. May jump. */
  now(): number;
  /** Monotonic time in milliseconds from an arbitrary origin; never goes back. */
  monotonic(): number;
  /** Calls `fn` once after `delay_ms`; the returned timer can be cancelled. */
  setTimeout(fn: () => void, delay_ms: number): Timer;
  /** Calls `fn` every `period_ms` until cancelled. */
  setInterval(fn: () => void, period_ms: number): Timer;
}

export interface Timer {
  cancel(): void;
}

/** Resolves after `delay_ms`, or as soon as `signal` aborts. Never rejects. */
export function sleep(clock: Clock, delay_ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.setTimeout(done, delay_ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** RFC 3339 in UTC with whole seconds, as metav1.Time is written ("2006-01-02T15:04:05Z"). */
export function rfc3339(epoch_ms: number): string {
  return `${new Date(epoch_ms).toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 in UTC with microseconds, as metav1.MicroTime is written. */
export function rfc3339Micro(epoch_ms: number): string {
  return `${new Date(epoch_ms).toISOString().slice(0, 23)}000Z`;
}
