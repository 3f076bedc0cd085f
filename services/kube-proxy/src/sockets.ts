import type { Clock } from "@flotilla/base";
import type { ProxyMetrics } from "./metrics.ts";
import { listenNet } from "./net-tcp.ts";
import type { Sockets } from "./ports.ts";
import { raw as nodeRaw, type Raw } from "./raw-binding.ts";
import { listenRaw } from "./raw-tcp.ts";
import { listenUdp } from "./udp.ts";

/** The real network; `raw` null makes TCP go through Node's public sockets. */
export function createSockets(clock: Clock, metrics: ProxyMetrics, raw: Raw | null = nodeRaw): Sockets {
  return {
    listen(protocol, address, port, balancer) {
      if (protocol === "UDP") return listenUdp(address, port, balancer, clock, metrics);
      return raw ? listenRaw(raw, address, port, balancer, clock, metrics) : listenNet(address, port, balancer, clock, metrics);
    },
  };
}
