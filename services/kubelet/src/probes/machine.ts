import type { Container } from "@flotilla/api";

export type ProbeKind = "startup" | "liveness" | "readiness";
export type ProbeSpec = NonNullable<Container["readinessProbe"]>;

export interface ProbeState {
  /** Equal results in a row. */
  run: number;
  last: boolean | undefined;
  /** What counts, after thresholds; undefined until the first decision. */
  verdict: boolean | undefined;
}

/** Upstream's starting points: not ready, alive, not known to have started. */
export function initialState(kind: ProbeKind): ProbeState {
  return { run: 0, last: undefined, verdict: kind === "readiness" ? false : kind === "liveness" ? true : undefined };
}

/** The state after one more result. Pure. */
export function step(state: ProbeState, success: boolean, spec: ProbeSpec): ProbeState {
  const run = state.last === success ? state.run + 1 : 1;
  const threshold = success ? (spec.successThreshold ?? 1) : (spec.failureThreshold ?? 3);
  return { run, last: success, verdict: run >= threshold ? success : state.verdict };
}

/** First probe and period in milliseconds. */
export function schedule(spec: ProbeSpec): { initial_ms: number; period_ms: number; timeout_ms: number } {
  return {
    initial_ms: (spec.initialDelaySeconds ?? 0) * 1000,
    period_ms: (spec.periodSeconds || 10) * 1000,
    timeout_ms: (spec.timeoutSeconds || 1) * 1000,
  };
}

export function probeOf(container: Container, kind: ProbeKind): ProbeSpec | undefined {
  return kind === "startup" ? container.startupProbe : kind === "liveness" ? container.livenessProbe : container.readinessProbe;
}
