import type { ReconcilerMetrics } from "@flotilla/controller";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** Upstream's work queue names, and one counter of outcomes. */
export function createMetrics(): { registry: Registry; reconcilers: ReconcilerMetrics; leader: (isLeader: boolean) => void } {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const depth = new Gauge({ name: "workqueue_depth", help: "keys that wait", labelNames: ["name"], registers });
  const work = new Histogram({
    name: "workqueue_work_duration_seconds",
    help: "time to reconcile one key",
    labelNames: ["name"],
    buckets: SECONDS,
    registers,
  });
  const outcomes = new Counter({
    name: "controller_reconcile_total",
    help: "reconciled keys by outcome",
    labelNames: ["name", "result"],
    registers,
  });
  const leading = new Gauge({ name: "leader_election_master_status", help: "1 while this process leads", labelNames: ["name"], registers });
  return {
    registry,
    reconcilers: {
      reconciled(name, result, seconds) {
        outcomes.inc({ name, result });
        work.observe({ name }, seconds);
      },
      depth: (name, length) => depth.set({ name }, length),
    },
    leader: (isLeader) => leading.set({ name: "kube-controller-manager" }, isLeader ? 1 : 0),
  };
}
