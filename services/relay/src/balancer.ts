import type { Socket } from "node:net";
import { type Clock, type Logger, sleep } from "@flotilla/base";
import type { Backends } from "./backends.ts";
import { dial, splice } from "./splice.ts";

const DIAL_TIMEOUT_MS = 1000;
/** While no API server answers (all restarting), a connection is held rather than refused. */
const PATIENCE_MS = 3000;
const RETRY_PAUSE_MS = 50;

/**
 * The API servers' load balancer: bytes only, TLS stays end to end.
 *
 * Owns: the connections to each backend, so that those of a silent one can be cut.
 */
export class Balancer {
  private readonly open: Set<Socket>[];
  private readonly backends: Backends;
  private readonly clock: Clock;
  private readonly log: Logger;

  constructor(backends: Backends, clock: Clock, log: Logger) {
    this.backends = backends;
    this.clock = clock;
    this.log = log;
    this.open = Array.from({ length: backends.size }, () => new Set<Socket>());
  }

  async handle(client: Socket): Promise<void> {
    client.on("error", () => client.destroy());
    client.pause();
    const end_ms = this.clock.monotonic() + PATIENCE_MS;
    while (!client.destroyed) {
      for (const index of this.backends.candidates()) {
        const upstream = await this.tryDial(index);
        if (!upstream) continue;
        if (client.destroyed) return void upstream.destroy();
        this.open[index]!.add(upstream);
        upstream.on("close", () => this.open[index]!.delete(upstream));
        return splice(client, upstream);
      }
      if (this.clock.monotonic() > end_ms) return void client.destroy();
      await sleep(this.clock, RETRY_PAUSE_MS);
    }
  }

  private async tryDial(index: number): Promise<Socket | undefined> {
    const { host, port } = this.backends.get(index);
    try {
      return await dial(this.clock, host, port, DIAL_TIMEOUT_MS);
    } catch {
      if (this.backends.report(index, "down")) this.log.warn("API server is down", { host, port });
      return undefined;
    }
  }

  /** Cuts what is connected to a backend that no longer answers: its clients connect again, elsewhere. */
  cut(index: number): void {
    for (const socket of this.open[index]!) socket.destroy();
  }
}
