import { type Clock, type Logger, sleep } from "@flotilla/base";
import type { Runtime } from "../cri/runtime.ts";

const READY_PERIOD_MS = 5_000;
const WAITING_PERIOD_MS = 200;
/** A runtime is taken for down when it has not answered for this long (upstream's 30 s). */
const SILENCE_MS = 30_000;

export interface RuntimeState {
  /** Why the runtime or its network is not ready; empty: both are. */
  problems: string[];
  name: string;
  version: string;
}

/** Asks the runtime how it is, often until it is ready; `changed` hears of each difference. */
export class RuntimeWatch {
  state: RuntimeState = { problems: ["container runtime is down"], name: "unknown", version: "0" };
  private readonly ports: { clock: Clock; log: Logger; runtime: Runtime };
  private answered_ms = Number.NEGATIVE_INFINITY;
  private wakeUp = new AbortController();

  constructor(ports: RuntimeWatch["ports"]) {
    this.ports = ports;
  }

  /** Look again now: the network's configuration was just written, for instance. */
  poke(): void {
    this.wakeUp.abort();
  }

  async run(changed: () => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.wakeUp = new AbortController();
      const before = JSON.stringify(this.state);
      this.state = await this.look();
      if (JSON.stringify(this.state) !== before) {
        this.ports.log.info("runtime state changed", { ...this.state });
        changed();
      }
      const period_ms = this.state.problems.length === 0 ? READY_PERIOD_MS : WAITING_PERIOD_MS;
      await sleep(this.ports.clock, period_ms, AbortSignal.any([this.wakeUp.signal, signal]));
    }
  }

  private async look(): Promise<RuntimeState> {
    const { runtime } = this.ports;
    try {
      const known = this.state.version !== "0" && this.state.problems.length === 0;
      const version = known ? undefined : await runtime.version();
      const { conditions } = await runtime.status();
      this.answered_ms = this.ports.clock.monotonic();
      const problems = conditions
        .filter((c) => !c.status && (c.type === "RuntimeReady" || c.type === "NetworkReady"))
        .map((c) =>
          c.type === "NetworkReady"
            ? `container runtime network not ready: NetworkReady=false reason:${c.reason} message:${c.message}`
            : `container runtime status: ${c.type}=false reason:${c.reason} message:${c.message}`,
        );
      return { problems, name: version?.runtimeName ?? this.state.name, version: version?.runtimeVersion ?? this.state.version };
    } catch {
      // An adapter that restarts is back in a moment: the node need not turn NotReady for that.
      if (this.ports.clock.monotonic() - this.answered_ms < SILENCE_MS) return this.state;
      return { ...this.state, problems: ["container runtime is down"] };
    }
  }
}
