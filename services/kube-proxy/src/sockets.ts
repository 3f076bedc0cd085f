import type { Clock } from "@flotilla/base";
import type { ProxyMetrics } from "./metrics.ts";
import type { Sockets } from "./ports.ts";
import { listenTcp } from "./tcp.ts";
import { listenUdp } from "./udp.ts";

/** The real network. */
export function createSockets(clock: Clock, metrics: ProxyMetrics): Sockets {
  return {
    listen: (protocol, address, port, balancer) =>
      protocol === "TCP" ? listenTcp(address, port, balancer, clock, metrics) : listenUdp(address, port, balancer, clock, metrics),
  };
}
