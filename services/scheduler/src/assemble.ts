import { Namespaces, Nodes, Pods, ReplicaSets, Services } from "@flotilla/api";
import type { Clock, Logger, Random } from "@flotilla/base";
import type { ApiClient, EventRecorder, InformerFactory } from "@flotilla/client";
import type { Registry } from "prom-client";
import { Cache } from "./cache.ts";
import { createMetrics } from "./metrics.ts";
import { Nominations } from "./nominations.ts";
import { reportGated } from "./outcome.ts";
import type { ClusterEvent, Listers } from "./plugin.ts";
import { DEFAULT_PLUGINS } from "./plugins/index.ts";
import { Queue } from "./queue.ts";
import { Scheduler } from "./scheduler.ts";
import { watchCluster } from "./watch-events.ts";

export interface SchedulerPorts {
  clock: Clock;
  random: Random;
  log: Logger;
  client: ApiClient;
  informers: InformerFactory;
  recorder: EventRecorder;
}

export interface SchedulerConfig {
  schedulerName: string;
}

export interface RunningScheduler {
  /** Places pods until the signal aborts (the lease is lost, or the process stops). The informers must run. */
  lead(signal: AbortSignal): void;
  registry: Registry;
}

export function createScheduler(ports: SchedulerPorts, config: SchedulerConfig): RunningScheduler {
  const { informers } = ports;
  const pods = informers.informer(Pods);
  const nodes = informers.informer(Nodes);
  const services = informers.informer(Services);
  const replicaSets = informers.informer(ReplicaSets);
  const namespaces = informers.informer(Namespaces);
  const listers: Listers = {
    services: (namespace) => services.lister.list({ namespace }),
    replicaSet: (namespace, name) => replicaSets.lister.get(name, namespace),
    namespace: (name) => namespaces.lister.get(name),
  };
  const cares = new Map(DEFAULT_PLUGINS.map(({ plugin }) => [plugin.name, new Set<ClusterEvent>(plugin.retryOn)]));
  const cache = new Cache();
  const nominations = new Nominations();
  const queue = new Queue(ports, (plugin, event) => cares.get(plugin)?.has(event) ?? false);
  const metrics = createMetrics(() => queue.sizes());
  const framework = { plugins: DEFAULT_PLUGINS, random: ports.random };
  const scheduler = new Scheduler({ queue, cache, nominations, framework, listers, metrics }, ports);
  const all = [pods, nodes, services, replicaSets, namespaces] as { synced(): Promise<void> }[];
  watchCluster({
    pods,
    nodes,
    services,
    replicaSets,
    cache,
    nominations,
    queue,
    schedulerName: config.schedulerName,
    poke: () => scheduler.poke(),
    gated(pod) {
      if (scheduler.isRunning()) void reportGated(ports, pod);
    },
  });
  return {
    registry: metrics.registry,
    lead(signal) {
      // Half a picture would place pods on nodes that are full.
      void Promise.all(all.map((i) => i.synced())).then(() => {
        if (signal.aborted) return;
        scheduler.start();
        signal.addEventListener("abort", () => scheduler.stop(), { once: true });
      });
    },
  };
}
