import type { Clock, Logger, Random } from "@flotilla/base";
import type { ApiClient, EventRecorder, Informer, InformerFactory } from "@flotilla/client";
import { Reconciler, type ReconcilerMetrics, type ReconcilerOptions } from "@flotilla/controller";
import type { ManagerConfig } from "./config.ts";

/** What every controller is started with. */
export interface ControllerContext {
  client: ApiClient;
  informers: InformerFactory;
  clock: Clock;
  random: Random;
  log: Logger;
  metrics?: ReconcilerMetrics;
  config: ManagerConfig;
  /** Aborts when the manager stops or loses its lease. */
  signal: AbortSignal;
  recorder(component: string): EventRecorder;
}

export interface ControllerDefinition {
  /** Upstream's name, as `--controllers` takes it. */
  name: string;
  /** Upstream's name before 1.28. */
  alias: string;
  start(context: ControllerContext): void;
}

/** A reconciler whose workers begin when the caches it reads are filled. */
export function startReconciler(context: ControllerContext, reads: Informer<any>[], options: ReconcilerOptions): Reconciler {
  const reconciler = new Reconciler(context, options);
  void Promise.all(reads.map((i) => i.synced())).then(() => {
    if (!context.signal.aborted) reconciler.start(context.signal);
  });
  return reconciler;
}
