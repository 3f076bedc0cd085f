import type { AddressInfo, Server } from "node:net";
import { isNotFound, Nodes, Services } from "@flotilla/api";
import type { Clock, Logger } from "@flotilla/base";
import type { ApiClient } from "@flotilla/client";
import { forwardServer } from "./forward.ts";

export interface Forward {
  port: number;
  nodePort: number;
}

export class ServiceError extends Error {
  override name = "ServiceError";
}

/** A dead node costs a connection one attempt; the list need not be newer than this. */
const REFRESH_MS = 1000;

/** Host ports that lead to node ports, for `flotilla service NAME --url`. */
export class ServiceForwards {
  private readonly servers = new Map<number, { server: Server; port: number }>();
  private nodes: string[] = [];
  private readonly forwardSocket: string;
  private readonly client: () => ApiClient;
  private readonly log: Logger;
  private readonly clock: Clock;
  private refreshed_ms = Number.NEGATIVE_INFINITY;

  constructor(forwardSocket: string, client: () => ApiClient, ports: { log: Logger; clock: Clock }) {
    this.forwardSocket = forwardSocket;
    this.client = client;
    this.log = ports.log;
    this.clock = ports.clock;
  }

  /** One URL for each port of a service of type NodePort. @throws ServiceError */
  async urls(namespace: string, name: string): Promise<string[]> {
    const service = await this.client()
      .get(Services, name, { namespace })
      .catch((error) => {
        if (isNotFound(error)) throw new ServiceError(`there is no service "${name}" in namespace "${namespace}"`);
        throw error;
      });
    const ports = (service.spec?.ports ?? []).flatMap((port) => (port.nodePort && port.protocol !== "UDP" ? [port.nodePort] : []));
    if (ports.length === 0) {
      throw new ServiceError(
        `service "${name}" has no node port; make it one with: kubectl -n ${namespace} patch service ${name} -p '{"spec":{"type":"NodePort"}}'`,
      );
    }
    await this.refreshNodes();
    return Promise.all(ports.map(async (nodePort) => `http://127.0.0.1:${await this.open(nodePort)}`));
  }

  list(): Forward[] {
    return [...this.servers].map(([nodePort, { port }]) => ({ port, nodePort }));
  }

  async restore(forwards: readonly Forward[]): Promise<void> {
    for (const { port, nodePort } of forwards) {
      await this.open(nodePort, port).catch((error) => this.log.warn("could not listen again", { port, error }));
    }
  }

  close(): void {
    for (const { server } of this.servers.values()) server.close();
    this.servers.clear();
  }

  /** The node port's own number where it is free on the host, any other where not. */
  private async open(nodePort: number, wanted = nodePort): Promise<number> {
    const existing = this.servers.get(nodePort);
    if (existing) return existing.port;
    const server = forwardServer(this.forwardSocket, () => this.targets(nodePort));
    const port = await listen(server, wanted).catch(() => listen(server, 0));
    this.servers.set(nodePort, { server, port });
    return port;
  }

  /** Nodes take turns; the rest stand by. */
  private targets(nodePort: number): string[] {
    this.nodes.push(...this.nodes.splice(0, 1));
    if (this.clock.monotonic() - this.refreshed_ms > REFRESH_MS) void this.refreshNodes().catch(() => {});
    return this.nodes.map((address) => `${address}:${nodePort}`);
  }

  private async refreshNodes(): Promise<void> {
    this.refreshed_ms = this.clock.monotonic();
    const { items } = await this.client().list(Nodes, { resourceVersion: "0" });
    const ready = items.filter((node) => node.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True"));
    const addresses = ready.flatMap((node) => node.status?.addresses?.find((a) => a.type === "InternalIP")?.address ?? []);
    const known = this.nodes.filter((address) => addresses.includes(address));
    this.nodes = [...known, ...addresses.filter((address) => !known.includes(address))];
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
