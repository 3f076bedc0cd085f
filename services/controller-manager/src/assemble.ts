import type { Clock, Logger, Random } from "@flotilla/base";
import {
  type ApiClient,
  createEventRecorder,
  createInformerFactory,
  type ElectionConfig,
  type EventRecorder,
  LeaderElector,
} from "@flotilla/client";
import type { ManagerConfig } from "./config.ts";
import type { ControllerContext } from "./context.ts";
import { selectControllers } from "./controllers.ts";
import { createMetrics } from "./metrics.ts";

export interface ManagerPorts {
  clock: Clock;
  random: Random;
  log: Logger;
  client: ApiClient;
}

export interface ControllerManager {
  /** Prometheus text. */
  metrics(): Promise<string>;
  /** Waits for the lease (with `election`) and runs the controllers until the signal aborts or the lease is lost. */
  run(signal: AbortSignal, election?: ElectionConfig): Promise<"lost" | "stopped">;
  /** Sends the events that are still queued. */
  flush(): Promise<void>;
}

/** The controllers of a cluster behind one client. @throws on a `controllers` entry that names none */
export function createControllerManager(ports: ManagerPorts, config: ManagerConfig): ControllerManager {
  const metrics = createMetrics();
  const recorders: EventRecorder[] = [];
  const selected = selectControllers(config.controllers);

  const lead = (signal: AbortSignal): void => {
    metrics.leader(true);
    const informers = createInformerFactory(ports);
    const recorder = (component: string) => {
      const made = createEventRecorder(ports, { component });
      recorders.push(made);
      return made;
    };
    const context: ControllerContext = { ...ports, informers, config, signal, recorder, metrics: metrics.reconcilers };
    for (const controller of selected) controller.start(context);
    informers.start(signal);
    ports.log.info("controllers started", { controllers: selected.map((c) => c.name) });
    signal.addEventListener("abort", () => metrics.leader(false), { once: true });
  };

  return {
    metrics: () => metrics.registry.metrics(),
    run(signal, election) {
      if (election) return new LeaderElector(ports, election).run(signal, lead);
      lead(signal);
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve("stopped"), { once: true }));
    },
    async flush() {
      await Promise.all(recorders.map((r) => r.flush()));
    },
  };
}
