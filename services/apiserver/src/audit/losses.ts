import type { Clock, Logger } from "@flotilla/base";
import type { AuditMetrics } from "./metrics.ts";

/** Says that events did not reach where they belong, and through whose fault. */
export type Lost = (plugin: string, count: number, error: Error) => void;

/** Between two lines about the same plug-in: a receiver that is away loses thousands. */
const QUIET_MS = 1_000;

/** Counts what is lost, and logs it now and then. */
export function reportLosses(clock: Clock, log: Logger, metrics: AuditMetrics): Lost {
  const unsaid = new Map<string, { count: number; last_ms: number }>();
  return (plugin, count, error) => {
    metrics.lost(plugin, count);
    const now = clock.monotonic();
    const state = unsaid.get(plugin) ?? { count: 0, last_ms: Number.NEGATIVE_INFINITY };
    unsaid.set(plugin, state);
    state.count += count;
    if (now - state.last_ms < QUIET_MS) return;
    log.error("audit events were lost", { plugin, events: state.count, error: error.message });
    state.count = 0;
    state.last_ms = now;
  };
}
