import { isNotFound, type Pod } from "@flotilla/api";
import type { Timer } from "@flotilla/base";
import type { Cache } from "./cache.ts";
import { type Decision, decide, type Framework } from "./decide.ts";
import { fitError, NO_NODES, preemptionError } from "./fit-error.ts";
import type { SchedulerMetrics } from "./metrics.ts";
import { podKey } from "./node-info.ts";
import type { Nominations } from "./nominations.ts";
import { bind, evict, nominate, type OutcomePorts, reportUnscheduled } from "./outcome.ts";
import type { Cycle, Listers, Rejection } from "./plugin.ts";
import { type PreemptionResult, preempt } from "./preempt.ts";
import type { Queue } from "./queue.ts";
import { podAmounts } from "./resources.ts";

/** Binds under way at once. */
const BINDS_LIMIT = 100;
/** Decisions in a row before the event loop gets its turn. */
const BURST = 16;

export interface SchedulerParts {
  queue: Queue;
  cache: Cache;
  nominations: Nominations;
  framework: Framework;
  listers: Listers;
  metrics: SchedulerMetrics;
}

/**
 * Takes pods off the queue, decides, and acts on the decision.
 * Invariants: 1. a decision sees one state: nothing awaits between pop and assume.
 * 2. works only between `start` and `stop`.
 */
export class Scheduler {
  private running = false;
  private wake: Timer | undefined;
  /** `wake` fires in this turn of the event loop or the next. */
  private soon = false;
  private binds = 0;
  private rotation = 0;
  private readonly parts: SchedulerParts;
  private readonly ports: OutcomePorts;

  constructor(parts: SchedulerParts, ports: OutcomePorts) {
    this.parts = parts;
    this.ports = ports;
  }

  start(): void {
    this.running = true;
    this.poke();
  }

  stop(): void {
    this.running = false;
    this.wake?.cancel();
    this.wake = undefined;
    this.soon = false;
  }

  isRunning(): boolean {
    return this.running;
  }

  /** Something may have become schedulable. Cheap; call it often. */
  poke(): void {
    if (!this.running || this.soon) return;
    this.wake?.cancel();
    this.soon = true;
    this.wake = this.ports.clock.setTimeout(() => this.run(), 0);
  }

  private run(): void {
    this.wake = undefined;
    this.soon = false;
    for (let i = 0; i < BURST && this.running && this.binds < BINDS_LIMIT; i++) {
      const pod = this.parts.queue.pop();
      if (!pod) break;
      this.scheduleOne(pod);
    }
    if (!this.running || this.binds >= BINDS_LIMIT) return; // a finished bind pokes
    const next_ms = this.parts.queue.nextWake_ms();
    if (next_ms === 0) this.poke();
    else if (next_ms !== undefined && !this.wake) this.wake = this.ports.clock.setTimeout(() => this.run(), next_ms);
  }

  private scheduleOne(pod: Pod): void {
    const { cache, framework, listers, metrics } = this.parts;
    const begun_ms = this.ports.clock.monotonic();
    const nodes = this.parts.nominations.apply(cache.nodes(), pod);
    const cycle: Cycle = { pod, amounts: podAmounts(pod), nodes, listers };
    const decision = decide(cycle, framework, this.rotation);
    metrics.algorithm.observe((this.ports.clock.monotonic() - begun_ms) / 1000);
    if (decision.kind === "none") {
      this.unschedulable(cycle, decision);
      return;
    }
    this.rotation = cycle.nodes.length > 0 ? (this.rotation + decision.evaluated) % cycle.nodes.length : 0;
    cache.assume(pod, decision.node.name);
    void this.bind(pod, decision.node.name, begun_ms);
  }

  private unschedulable(cycle: Cycle, { rejections, plugins }: Extract<Decision, { kind: "none" }>): void {
    const { queue, framework, nominations, metrics } = this.parts;
    const { pod } = cycle;
    metrics.attempts.inc({ result: "unschedulable" });
    queue.failed(pod, plugins);
    const count = cycle.nodes.length;
    if (count === 0) {
      void reportUnscheduled(this.ports, pod, "Unschedulable", NO_NODES);
      return;
    }
    const result = preempt(cycle, framework, rejections);
    if (result.kind === "found") {
      const { node, victims } = result.preemption;
      nominations.set(pod, node.name);
      void nominate(this.ports, pod, node.name).then(() => evict(this.ports, pod, node.name, victims));
    }
    const message = fitError(count, rejections, preemptionText(result, count, rejections));
    void reportUnscheduled(this.ports, pod, "Unschedulable", message);
  }

  private async bind(pod: Pod, nodeName: string, begun_ms: number): Promise<void> {
    const { queue, cache, metrics } = this.parts;
    this.binds++;
    try {
      await bind(this.ports, pod, nodeName);
      metrics.attempts.inc({ result: "scheduled" });
      metrics.attemptDuration.observe((this.ports.clock.monotonic() - begun_ms) / 1000);
      queue.remove(pod);
    } catch (error) {
      cache.forget(pod);
      if (isNotFound(error)) queue.remove(pod);
      else await this.bindFailed(pod, error as Error);
    } finally {
      this.binds--;
      this.poke();
    }
  }

  private async bindFailed(pod: Pod, error: Error): Promise<void> {
    this.parts.metrics.attempts.inc({ result: "error" });
    this.ports.log.warn("bind failed", { pod: podKey(pod), error });
    this.parts.queue.retry(pod);
    await reportUnscheduled(this.ports, pod, "SchedulerError", `binding rejected: ${error.message}`);
  }
}

function preemptionText(result: PreemptionResult, nodes: number, rejections: ReadonlyMap<string, Rejection>): string | undefined {
  switch (result.kind) {
    case "found":
      return undefined;
    case "none":
      return preemptionError(nodes, rejections, result.tried);
    case "ineligible":
      return result.why;
  }
}
