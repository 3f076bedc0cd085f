import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export interface SchedulerMetrics {
  registry: Registry;
  attempts: Counter<"result">;
  algorithm: Histogram;
  attemptDuration: Histogram;
}

const SECONDS = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096];

/** Upstream's names. */
export function createMetrics(pending: () => Record<string, number>): SchedulerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Gauge({
    name: "scheduler_pending_pods",
    help: "pods that wait, by queue",
    labelNames: ["queue"],
    registers,
    collect() {
      for (const [queue, count] of Object.entries(pending())) this.set({ queue }, count);
    },
  });
  return {
    registry,
    attempts: new Counter({ name: "scheduler_schedule_attempts_total", help: "tries to place a pod", labelNames: ["result"], registers }),
    algorithm: new Histogram({
      name: "scheduler_scheduling_algorithm_duration_seconds",
      help: "time to decide",
      buckets: SECONDS,
      registers,
    }),
    attemptDuration: new Histogram({
      name: "scheduler_scheduling_attempt_duration_seconds",
      help: "time to decide and bind",
      buckets: SECONDS,
      registers,
    }),
  };
}
