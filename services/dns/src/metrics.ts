import { Counter, collectDefaultMetrics, Histogram, Registry } from "prom-client";

export interface DnsMetrics {
  registry: Registry;
  requests: Counter<"proto" | "type">;
  responses: Counter<"rcode">;
  duration: Histogram;
}

/** CoreDNS's names, so that its dashboards work. */
export function createMetrics(): DnsMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    requests: new Counter({ name: "coredns_dns_requests_total", help: "DNS requests", labelNames: ["proto", "type"], registers }),
    responses: new Counter({ name: "coredns_dns_responses_total", help: "DNS responses by code", labelNames: ["rcode"], registers }),
    duration: new Histogram({
      name: "coredns_dns_request_duration_seconds",
      help: "time to answer",
      buckets: [0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.064, 0.256, 1.024, 4.096],
      registers,
    }),
  };
}
