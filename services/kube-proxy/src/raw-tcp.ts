import net from "node:net";
import type { Clock } from "@flotilla/base";
import type { Balancer } from "./balancer.ts";
import { DIAL_TIMEOUTS_MS, splitHostPort } from "./dial.ts";
import type { ProxyMetrics } from "./metrics.ts";
import type { Listening } from "./ports.ts";
import type { Handle, Raw } from "./raw-binding.ts";
import { relayRaw } from "./raw-relay.ts";

const BACKLOG = 4096; // the kernel caps it at net.core.somaxconn
const KEEP_ALIVE_SECONDS = 60;

/** TCP by raw handles: `net` listens, we take the connections before it wraps them. */
export function listenRaw(
  raw: Raw,
  address: string,
  port: number,
  balancer: Balancer,
  clock: Clock,
  metrics: ProxyMetrics,
): Promise<Listening> {
  const server = net.createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port, backlog: BACKLOG, exclusive: true }, () => {
      server.removeListener("error", reject);
      server.on("error", () => {});
      const { _handle: handle } = server as unknown as { _handle: Handle };
      // Accepted sockets inherit both (Linux): half of a connection's setsockopt calls saved.
      handle.setNoDelay(true);
      handle.setKeepAlive(true, KEEP_ALIVE_SECONDS);
      handle.onconnection = (status, client) => {
        if (status === 0) accept(raw, client, balancer, clock, metrics); // else EMFILE and its like: libuv backs off by itself
      };
      // close() stops accepting alone; established connections drain.
      resolve({ changed() {}, close: () => void server.close() });
    });
  });
}

function accept(raw: Raw, client: Handle, balancer: Balancer, clock: Clock, metrics: ProxyMetrics): void {
  metrics.connections.inc();
  const clientIp = balancer.needsClient ? peerAddress(client) : "";
  const candidates = balancer.candidates(clientIp);
  // The client is not read meanwhile; if it leaves, the relay notices with its first read.
  const attempt = (index: number): void => {
    const target = candidates.length > 0 ? candidates[index % candidates.length] : undefined;
    if (target === undefined || index >= DIAL_TIMEOUTS_MS.length) {
      metrics.refused.inc();
      client.reset();
      return;
    }
    dial(raw, target, clock, DIAL_TIMEOUTS_MS[index]!, (backend) => {
      if (!backend) {
        balancer.failed(target);
        attempt(index + 1);
        return;
      }
      balancer.succeeded(clientIp, target);
      relayRaw(raw, client, backend);
    });
  };
  attempt(0);
}

/** Calls `done` once, with undefined when the endpoint refused or was silent. */
function dial(raw: Raw, target: string, clock: Clock, timeout_ms: number, done: (backend: Handle | undefined) => void): void {
  const { host, port } = splitHostPort(target);
  const socket = raw.newSocket();
  let settled = false;
  const settle = (ok: boolean) => {
    if (settled) return;
    settled = true;
    timer.cancel();
    if (ok) {
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_SECONDS);
    } else socket.close();
    done(ok ? socket : undefined);
  };
  const timer = clock.setTimeout(() => settle(false), timeout_ms);
  const request = raw.connectRequest((status) => settle(status === 0));
  const failed = host.includes(":") ? socket.connect6(request, host, port) : socket.connect(request, host, port);
  if (failed !== 0) settle(false);
}

function peerAddress(handle: Handle): string {
  const out: { address?: string } = {};
  return handle.getpeername(out) === 0 ? (out.address ?? "") : "";
}
