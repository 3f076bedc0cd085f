import { Agent, request } from "node:https";
import type { Clock, Logger, Timer } from "@flotilla/base";
import type { Backends } from "./backends.ts";
import type { Balancer } from "./balancer.ts";

const PERIOD_MS = 300;
/** Longer than a garbage collection or a busy moment, shorter than a user's patience. */
const SILENCE_MS = 2500;

/** Asks one API server /readyz again and again. Who is silent too long loses its connections. */
export class Probe {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  private timer: Timer | undefined;
  private stopped = false;
  private readonly index: number;
  private readonly backends: Backends;
  private readonly balancer: Balancer;
  private readonly clock: Clock;
  private readonly log: Logger;

  constructor(index: number, backends: Backends, balancer: Balancer, clock: Clock, log: Logger) {
    this.index = index;
    this.backends = backends;
    this.balancer = balancer;
    this.clock = clock;
    this.log = log;
  }

  start(): void {
    void this.ask().then((health) => {
      if (this.stopped) return;
      const { host, port } = this.backends.get(this.index);
      if (health === "silent") this.balancer.cut(this.index);
      if (this.backends.report(this.index, health === "ready" ? "ready" : "down")) {
        this.log.info("API server changed its health", { host, port, health });
      }
      this.timer = this.clock.setTimeout(() => this.start(), PERIOD_MS);
    });
  }

  private ask(): Promise<"ready" | "unready" | "refused" | "silent"> {
    const { host, port } = this.backends.get(this.index);
    return new Promise((resolve) => {
      const req = request({ host, port, path: "/readyz", agent: this.agent }, (response) => {
        response.resume();
        response.on("end", () => done(response.statusCode === 200 ? "ready" : "unready"));
        response.on("error", () => done("refused"));
      });
      const timer = this.clock.setTimeout(() => {
        done("silent");
        req.destroy();
      }, SILENCE_MS);
      const done = (health: "ready" | "unready" | "refused" | "silent") => {
        timer.cancel();
        resolve(health);
      };
      req.on("error", () => done("refused"));
      req.end();
    });
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
    this.agent.destroy();
  }
}
