import net from "node:net";
import type { Clock } from "@flotilla/base";
import type { Balancer } from "./balancer.ts";
import type { ProxyMetrics } from "./metrics.ts";
import { connectBackend } from "./net-connect.ts";
import { relay } from "./net-relay.ts";
import type { Listening } from "./ports.ts";

const BACKLOG = 4096; // the kernel caps it at net.core.somaxconn

/** TCP by Node's public sockets: what we fall back to where the bindings of raw-binding.ts are not there. */
export function listenNet(address: string, port: number, balancer: Balancer, clock: Clock, metrics: ProxyMetrics): Promise<Listening> {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true, keepAlive: true }, (client) => {
    client.on("error", () => client.destroy());
    metrics.connections.inc();
    connectBackend(client, balancer, clock, (backend) => {
      if (backend) return relay(client, backend);
      metrics.refused.inc();
      client.resetAndDestroy();
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port, backlog: BACKLOG, exclusive: true }, () => {
      server.removeListener("error", reject);
      server.on("error", () => {}); // accept errors (EMFILE): libuv backs off by itself
      // close() stops accepting alone; established connections drain.
      resolve({ changed() {}, close: () => void server.close() });
    });
  });
}
