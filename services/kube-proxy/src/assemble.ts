import type { EndpointSlice, Service } from "@flotilla/api";
import type { Clock, Logger, Random, Timer } from "@flotilla/base";
import type { Informer } from "@flotilla/client";
import { Listeners } from "./listeners.ts";
import type { ProxyMetrics } from "./metrics.ts";
import type { Sockets } from "./ports.ts";
import { planRules } from "./rules.ts";

export interface ProxyPorts {
  clock: Clock;
  random: Random;
  log: Logger;
  services: Informer<Service>;
  slices: Informer<EndpointSlice>;
  sockets: Sockets;
  metrics: ProxyMetrics;
  /** This machine's addresses for node ports, as they are now. */
  nodePortAddresses: () => string[];
}

export interface ProxyConfig {
  nodeName: string;
  /** Changes that come within this many milliseconds are applied together. */
  minSyncPeriod_ms: number;
  /** Everything is planned anew this often: addresses of the machine come and go. */
  syncPeriod_ms: number;
}

export interface Proxy {
  /** Resolves after the first sync. */
  start(): Promise<void>;
  stop(): void;
  /** Epoch milliseconds of the last sync; 0 before the first. */
  lastSync_ms(): number;
  listening(): string[];
}

export function createProxy(ports: ProxyPorts, config: ProxyConfig): Proxy {
  const { clock, services, slices, metrics, log } = ports;
  const listeners = new Listeners(ports.sockets, ports);
  let pending: Timer | undefined;
  let periodic: Timer | undefined;
  let last_ms = 0;
  let unsubscribe: (() => void)[] = [];

  const sync = () => {
    pending?.cancel();
    pending = undefined;
    const begun_ms = clock.monotonic();
    const facts = { nodeName: config.nodeName, nodePortAddresses: ports.nodePortAddresses() };
    const rules = planRules(services.lister.list(), slices.lister.list(), facts);
    listeners.sync(rules);
    last_ms = clock.now();
    metrics.rules.set(rules.size);
    metrics.lastSync.set(last_ms / 1000);
    metrics.syncDuration.observe((clock.monotonic() - begun_ms) / 1000);
  };
  const soon = () => {
    if (periodic) pending ??= clock.setTimeout(sync, config.minSyncPeriod_ms);
  };

  return {
    async start() {
      // Both lists first: half a picture would close ports that are in use.
      await Promise.all([services.synced(), slices.synced()]);
      periodic = clock.setInterval(sync, config.syncPeriod_ms);
      unsubscribe = [services, slices].map((i) => (i as Informer<unknown>).subscribe({ add: soon, update: soon, delete: soon }));
      sync();
      log.info("synced", { services: services.lister.list().length, slices: slices.lister.list().length });
    },
    stop() {
      for (const off of unsubscribe) off();
      periodic?.cancel();
      pending?.cancel();
      periodic = pending = undefined;
      listeners.closeAll();
    },
    lastSync_ms: () => last_ms,
    listening: () => listeners.listening(),
  };
}
