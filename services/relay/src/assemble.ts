import { rmSync } from "node:fs";
import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import type { BasePorts, Component } from "@flotilla/process";
import { Backends, parseBackend } from "./backends.ts";
import { Balancer } from "./balancer.ts";
import { serveDnsGate } from "./dns-gate.ts";
import { handleForward } from "./forward.ts";
import { Probe } from "./probe.ts";

export interface RelayConfig {
  /** An inherited descriptor of a socket that already listens: on the host, outside of our network namespace. */
  listenFd?: number;
  /** host:port inside the cluster's network. */
  listen: string[];
  /** API servers, host:port. */
  backends: string[];
  /** Path of the unix socket that takes `CONNECT host:port`. */
  forwardSocket?: string;
  /** host:port to take DNS questions at, and the unix socket they are handed to. */
  dns?: { listen: string; socket: string };
}

/** The cluster's one door: load balancer of the API servers, and the way in for flotillad. */
export async function createRelay(ports: BasePorts, config: RelayConfig): Promise<Component> {
  const { clock, log } = ports;
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const listen = (options: ListenOptions & { fd?: number }, handle: (socket: Socket) => Promise<void>) =>
    new Promise<void>((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
        sockets.add(socket);
        socket.on("close", () => sockets.delete(socket));
        handle(socket).catch((error) => {
          log.error("connection failed", { error });
          socket.destroy();
        });
      });
      servers.push(server);
      server.once("error", reject);
      server.listen(options, resolve);
    });

  const probes: Probe[] = [];
  if (config.backends.length > 0) {
    const backends = new Backends(config.backends.map(parseBackend));
    const balancer = new Balancer(backends, clock, log);
    const handle = (socket: Socket) => balancer.handle(socket);
    if (config.listenFd !== undefined) await listen({ fd: config.listenFd }, handle);
    for (const address of config.listen) await listen(parseBackend(address), handle);
    for (let i = 0; i < backends.size; i++) probes.push(new Probe(i, backends, balancer, clock, log));
    for (const probe of probes) probe.start();
  }
  if (config.forwardSocket) {
    rmSync(config.forwardSocket, { force: true });
    await listen({ path: config.forwardSocket }, (socket) => handleForward(socket, clock));
  }
  const gate = config.dns && (await serveDnsGate(clock, log, parseBackend(config.dns.listen), config.dns.socket));
  log.info("relaying", { listen: config.listen, backends: config.backends });
  return {
    async stop() {
      for (const probe of probes) probe.stop();
      gate?.close();
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
