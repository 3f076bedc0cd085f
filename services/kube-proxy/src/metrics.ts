import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export interface ProxyMetrics {
  registry: Registry;
  connections: Counter;
  refused: Counter;
  flows: Counter;
  rules: Gauge;
  syncDuration: Histogram;
  lastSync: Gauge;
}

/** Upstream's names where upstream has the figure. */
export function createMetrics(): ProxyMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    connections: new Counter({ name: "flotilla_kubeproxy_connections_total", help: "TCP connections accepted", registers }),
    refused: new Counter({ name: "flotilla_kubeproxy_connections_refused_total", help: "TCP connections no endpoint took", registers }),
    flows: new Counter({ name: "flotilla_kubeproxy_udp_flows_total", help: "UDP flows opened", registers }),
    rules: new Gauge({ name: "flotilla_kubeproxy_rules", help: "addresses and ports to listen on", registers }),
    syncDuration: new Histogram({
      name: "kubeproxy_sync_proxy_rules_duration_seconds",
      help: "time to plan the rules and bring the listeners level with them",
      buckets: [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024],
      registers,
    }),
    lastSync: new Gauge({ name: "kubeproxy_sync_proxy_rules_last_timestamp_seconds", help: "when rules were last synced", registers }),
  };
}
