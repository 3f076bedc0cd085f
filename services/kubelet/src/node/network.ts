import { writeFile } from "node:fs/promises";
import type { Node } from "@flotilla/api";
import type { Logger } from "@flotilla/base";
import type { Exec } from "../volumes/manager.ts";
import { cniConfig, writeCniConfig } from "./cni.ts";
import { parseRoutes, ROUTE_PROTOCOL, routeChanges, wantedRoutes } from "./routes.ts";

/**
 * Owns this machine's pod network: the CNI configuration and the routes to other nodes' pods.
 * One change runs at a time; a change asked for meanwhile is made after it, once.
 */
export class PodNetwork {
  private readonly ports: { log: Logger; exec: Exec };
  private readonly settings: { nodeName: string; cniDirectory: string; ipamDirectory: string };
  private running: Promise<void> | undefined;
  private again = false;
  private nodes: readonly Node[] = [];
  private podCIDR = "";
  private hostPorts = false;
  /** Undefined once pods can get addresses. */
  private missing: string | undefined = "container runtime network not ready: cni config uninitialized";

  constructor(ports: PodNetwork["ports"], settings: PodNetwork["settings"]) {
    this.ports = ports;
    this.settings = settings;
  }

  problem(): string | undefined {
    return this.missing;
  }

  /** Whether pods get addresses of this range already. */
  serves(podCIDR: string): boolean {
    return this.missing === undefined && this.podCIDR === podCIDR;
  }

  /** Resolves when the network fits, as far as it could be made to. */
  update(change: { nodes?: readonly Node[]; podCIDR?: string; hostPorts?: boolean }): Promise<void> {
    this.nodes = change.nodes ?? this.nodes;
    this.podCIDR = change.podCIDR ?? this.podCIDR;
    this.hostPorts = change.hostPorts ?? this.hostPorts;
    if (this.running) {
      this.again = true;
      return this.running;
    }
    this.running = this.run().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async run(): Promise<void> {
    do {
      this.again = false;
      await this.configure().catch((error) => this.ports.log.error("could not write the CNI configuration", { error }));
      await this.route().catch((error) => this.ports.log.error("could not set routes", { error: (error as Error).message }));
    } while (this.again);
  }

  private async configure(): Promise<void> {
    if (this.podCIDR === "") return;
    const config = cniConfig(this.podCIDR, this.settings.ipamDirectory, this.hostPorts);
    await writeCniConfig(this.settings.cniDirectory, config);
    if (this.missing !== undefined) {
      await writeFile("/proc/sys/net/ipv4/ip_forward", "1").catch((error) => this.ports.log.warn("could not enable forwarding", { error }));
    }
    this.missing = undefined;
  }

  private async route(): Promise<void> {
    const wanted = wantedRoutes(this.nodes, this.settings.nodeName);
    const present = parseRoutes(await this.ports.exec("ip", ["route", "show", "proto", ROUTE_PROTOCOL]));
    for (const args of routeChanges(wanted, present)) {
      await this.ports.exec("ip", args).catch((error) => this.ports.log.warn("route not set", { args, error: (error as Error).message }));
    }
  }
}
