import type { Container, Pod } from "@flotilla/api";
import type { Clock, Random, Timer } from "@flotilla/base";
import type { ProbeVerdicts } from "../actions/compute.ts";
import type { Runtime } from "../cri/runtime.ts";
import { runProbe } from "./handler.ts";
import { initialState, type ProbeKind, type ProbeSpec, type ProbeState, probeOf, schedule, step } from "./machine.ts";

const KINDS: ProbeKind[] = ["startup", "liveness", "readiness"];

export interface ProbePorts {
  clock: Clock;
  random: Random;
  runtime: Runtime;
  /** A verdict that matters has changed: look at the pod again. */
  changed(uid: string): void;
  unhealthy(pod: Pod, container: Container, message: string): void;
}

interface Watch {
  kind: ProbeKind;
  spec: ProbeSpec;
  state: ProbeState;
  timer?: Timer;
}

interface Probed {
  pod: Pod;
  container: Container;
  containerId: string;
  podIP: string;
  startedAt_ms: number;
  watches: Watch[];
  stopped: boolean;
}

/**
 * Owns one set of probe loops per running container.
 * 1. A container id is probed by one set only; a restarted container is a new id and starts anew.
 * 2. Liveness and readiness wait until the startup probe has succeeded.
 */
export class ProbeManager implements ProbeVerdicts {
  private readonly ports: ProbePorts;
  private readonly probed = new Map<string, Probed>();

  constructor(ports: ProbePorts) {
    this.ports = ports;
  }

  /** Starts probing; `wasReady` carries readiness over a restart of the kubelet. */
  add(pod: Pod, container: Container, containerId: string, podIP: string, startedAt_ms: number, wasReady: boolean): void {
    if (this.probed.has(containerId)) return;
    const watches = KINDS.flatMap((kind) => {
      const spec = probeOf(container, kind);
      if (!spec) return [];
      const state = initialState(kind);
      if (wasReady) state.verdict = true;
      return [{ kind, spec, state } as Watch];
    });
    if (watches.length === 0) return;
    const probed: Probed = { pod, container, containerId, podIP, startedAt_ms, watches, stopped: false };
    this.probed.set(containerId, probed);
    for (const watch of watches) this.arm(probed, watch, this.firstDelay_ms(probed, watch, wasReady));
  }

  remove(containerId: string): void {
    const probed = this.probed.get(containerId);
    if (!probed) return;
    probed.stopped = true;
    for (const watch of probed.watches) watch.timer?.cancel();
    this.probed.delete(containerId);
  }

  /** Keeps the probes of these containers of the pod alone. */
  retain(uid: string, running: ReadonlySet<string>): void {
    for (const [id, p] of this.probed) if (p.pod.metadata.uid === uid && !running.has(id)) this.remove(id);
  }

  /** Liveness and startup end with the order to stop; readiness goes on to tell when traffic must go elsewhere. */
  stopLiveness(uid: string): void {
    for (const p of this.probed.values()) {
      if (p.pod.metadata.uid !== uid) continue;
      for (const watch of p.watches) if (watch.kind !== "readiness") watch.timer?.cancel();
      p.watches = p.watches.filter((w) => w.kind === "readiness");
    }
  }

  startup = (id: string): boolean | undefined => this.verdict(id, "startup");
  liveness = (id: string): boolean | undefined => this.verdict(id, "liveness");
  readiness = (id: string): boolean | undefined => this.verdict(id, "readiness");

  private verdict(id: string, kind: ProbeKind): boolean | undefined {
    return this.probed.get(id)?.watches.find((w) => w.kind === kind)?.state.verdict;
  }

  private firstDelay_ms(probed: Probed, watch: Watch, adopted: boolean): number {
    const { initial_ms, period_ms } = schedule(watch.spec);
    const since_ms = this.ports.clock.now() - probed.startedAt_ms;
    // After a restart of the kubelet all probes would fire at once: spread them.
    return Math.max(0, initial_ms - since_ms) + (adopted ? this.ports.random.next() * period_ms : 0);
  }

  private arm(probed: Probed, watch: Watch, delay_ms: number): void {
    if (probed.stopped) return;
    watch.timer = this.ports.clock.setTimeout(() => void this.probe(probed, watch), delay_ms);
  }

  private async probe(probed: Probed, watch: Watch): Promise<void> {
    const { period_ms, timeout_ms } = schedule(watch.spec);
    const startup = this.verdict(probed.containerId, "startup");
    const hasStartup = probed.watches.some((w) => w.kind === "startup");
    if (watch.kind !== "startup" && hasStartup && startup !== true) return this.arm(probed, watch, Math.min(period_ms, 1000));
    if (watch.kind === "startup" && startup === true) return;
    const result = await runProbe(this.ports.runtime, watch.spec, probed, timeout_ms);
    if (probed.stopped || !probed.watches.includes(watch)) return;
    if (!result) return this.arm(probed, watch, period_ms);
    const before = watch.state.verdict;
    watch.state = step(watch.state, result.success, watch.spec);
    if (!result.success) {
      const name = watch.kind === "startup" ? "Startup" : watch.kind === "liveness" ? "Liveness" : "Readiness";
      this.ports.unhealthy(probed.pod, probed.container, `${name} probe failed: ${result.output}`);
    }
    if (watch.state.verdict !== before) this.ports.changed(probed.pod.metadata.uid!);
    this.arm(probed, watch, period_ms);
  }
}
