import { Counter, Gauge, type Registry } from "prom-client";
import type { Fairness } from "./fairness.ts";

/** By upstream's names; read when somebody asks. */
export function registerFairnessMetrics(registry: Registry, fairness: Fairness): void {
  const registers = [registry];
  const labelNames = ["priority_level"];
  const gauge = (name: string, help: string, value: (level: Fairness["levels"] extends Map<string, infer L> ? L : never) => number) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [priority_level, level] of fairness.levels) this.set({ priority_level }, value(level));
      },
    });
  gauge("apiserver_flowcontrol_current_inqueue_requests", "Requests waiting in the queues.", (level) => level.waitingCount);
  gauge("apiserver_flowcontrol_current_executing_requests", "Requests being served.", (level) => level.running);
  gauge("apiserver_flowcontrol_current_executing_seats", "Seats taken by the requests being served.", (level) => level.seatsRunning);
  gauge("apiserver_flowcontrol_nominal_limit_seats", "Seats that are a level's own by right.", (level) => level.limits.nominal);
  new Counter({
    name: "apiserver_flowcontrol_dispatched_requests_total",
    help: "Requests that were let in.",
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const [priority_level, level] of fairness.levels) this.inc({ priority_level }, level.dispatched);
    },
  });
  new Counter({
    name: "apiserver_flowcontrol_rejected_requests_total",
    help: "Requests that were turned away.",
    labelNames: [...labelNames, "reason"],
    registers,
    collect() {
      this.reset();
      for (const [priority_level, level] of fairness.levels)
        for (const [reason, count] of level.rejected) this.inc({ priority_level, reason }, count);
    },
  });
}
