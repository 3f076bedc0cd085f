import net from "node:net";
import type { Clock } from "@flotilla/base";
import type { Balancer } from "./balancer.ts";
import { connectBackend } from "./connect.ts";
import type { ProxyMetrics } from "./metrics.ts";
import type { Listening } from "./ports.ts";
import { relay } from "./relay.ts";

const BACKLOG = 4096; // the kernel caps it at net.core.somaxconn

export function listenTcp(address: string, port: number, balancer: Balancer, clock: Clock, metrics: ProxyMetrics): Promise<Listening> {
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
