import dgram from "node:dgram";
import net from "node:net";
import type { Clock, Timer } from "@flotilla/base";
import type { Balancer } from "./balancer.ts";
import { splitHostPort } from "./dial.ts";
import type { ProxyMetrics } from "./metrics.ts";
import type { Listening } from "./ports.ts";

/** A flow ends after this much silence. Shorter than conntrack's 30 s: each is a socket, and resolvers open one for every name. */
const FLOW_IDLE_MS = 10_000;
/** Flows per listener; beyond it the longest silent one ends. */
const FLOW_LIMIT = 4_096;
const SWEEP_MS = 2_000;

interface Flow {
  backend: string;
  socket: dgram.Socket;
  used_ms: number;
}

/** Listens for datagrams; each client address and port is one flow to one endpoint. */
export async function listenUdp(
  address: string,
  port: number,
  balancer: Balancer,
  clock: Clock,
  metrics: ProxyMetrics,
): Promise<Listening> {
  const type = net.isIPv6(address) ? "udp6" : "udp4";
  const server = dgram.createSocket({ type, recvBufferSize: 1 << 20 });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.bind({ address, port, exclusive: true }, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
  const flows = new UdpFlows(server, balancer, clock, metrics);
  server.on("error", () => {});
  server.on("message", (data, from) => flows.deliver(data, from));
  return {
    changed: () => flows.dropGone(),
    close() {
      flows.close();
      server.close();
    },
  };
}

/** Owns the flows of one listener. Invariant: the map is in order of last use, oldest first. */
class UdpFlows {
  private readonly flows = new Map<string, Flow>();
  private readonly server: dgram.Socket;
  private readonly balancer: Balancer;
  private readonly clock: Clock;
  private readonly metrics: ProxyMetrics;
  private readonly sweeper: Timer;
  private closed = false;

  constructor(server: dgram.Socket, balancer: Balancer, clock: Clock, metrics: ProxyMetrics) {
    this.server = server;
    this.balancer = balancer;
    this.clock = clock;
    this.metrics = metrics;
    this.sweeper = clock.setInterval(() => this.sweep(), SWEEP_MS);
  }

  deliver(data: Buffer, from: dgram.RemoteInfo): void {
    const key = `${from.address} ${from.port}`;
    let flow = this.flows.get(key);
    if (flow) this.flows.delete(key);
    else flow = this.open(key, from);
    if (!flow) return;
    flow.used_ms = this.clock.monotonic();
    this.flows.set(key, flow);
    flow.socket.send(data);
  }

  /** Ends the flows whose endpoint left: the client's next datagram goes to another. */
  dropGone(): void {
    for (const [key, flow] of this.flows) if (!this.balancer.has(flow.backend)) this.end(key, flow);
  }

  close(): void {
    this.closed = true;
    this.sweeper.cancel();
    for (const [key, flow] of this.flows) this.end(key, flow);
  }

  private open(key: string, from: dgram.RemoteInfo): Flow | undefined {
    const backend = this.balancer.candidates(from.address)[0];
    if (backend === undefined) return undefined;
    const { host, port } = splitHostPort(backend);
    const socket = dgram.createSocket({ type: net.isIPv6(host) ? "udp6" : "udp4", lookup: literal });
    const flow: Flow = { backend, socket, used_ms: 0 };
    socket.on("message", (reply) => {
      if (!this.closed) this.server.send(reply, from.port, from.address);
    });
    socket.on("error", () => {
      // ICMP port unreachable: the endpoint is gone, choose another for what follows.
      this.balancer.failed(backend);
      this.end(key, flow);
    });
    socket.connect(port, host);
    this.balancer.succeeded(from.address, backend);
    this.metrics.flows.inc();
    if (this.flows.size >= FLOW_LIMIT) this.endOldest();
    return flow;
  }

  private sweep(): void {
    const oldest_ms = this.clock.monotonic() - FLOW_IDLE_MS;
    for (const [key, flow] of this.flows) {
      if (flow.used_ms > oldest_ms) return;
      this.end(key, flow);
    }
  }

  private endOldest(): void {
    const [oldest] = this.flows;
    if (oldest) this.end(...oldest);
  }

  private end(key: string, flow: Flow): void {
    if (this.flows.get(key) === flow) this.flows.delete(key);
    flow.socket.removeAllListeners("error").on("error", () => {});
    flow.socket.close();
  }
}

/** Endpoints are addresses already: no resolver. */
function literal(host: string, _options: unknown, callback: (error: null, address: string, family: number) => void): void {
  callback(null, host, net.isIPv6(host) ? 6 : 4);
}
