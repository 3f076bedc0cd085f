import { assert } from "@flotilla/base";

/**
 * Which API servers a new connection should try, in which order.
 *
 * Owns: what the probes and connections last said of each backend.
 * Invariant: `candidates` always names every backend once: a wrong probe can
 * make a connection slow, never impossible.
 */
export type Health = "ready" | "unknown" | "down";

export interface Backend {
  host: string;
  port: number;
}

const ORDER: Record<Health, number> = { ready: 0, unknown: 1, down: 2 };

export class Backends {
  private readonly health: Health[];
  private readonly all: readonly Backend[];
  private turn = 0;

  constructor(all: readonly Backend[]) {
    assert(all.length > 0, "a load balancer needs a backend");
    this.all = all;
    this.health = all.map(() => "unknown");
  }

  /** Ready ones first, each time beginning with the next. */
  candidates(): number[] {
    const start = this.turn++ % this.all.length;
    const rotated = this.all.map((_, i) => (start + i) % this.all.length);
    return rotated.sort((a, b) => ORDER[this.health[a]!] - ORDER[this.health[b]!]);
  }

  get(index: number): Backend {
    return this.all[index]!;
  }

  get size(): number {
    return this.all.length;
  }

  healthOf(index: number): Health {
    return this.health[index]!;
  }

  /** Returns whether that changed anything. */
  report(index: number, health: Health): boolean {
    if (this.health[index] === health) return false;
    this.health[index] = health;
    return true;
  }
}

/** "172.30.0.11:6443" */
export function parseBackend(text: string): Backend {
  const at = text.lastIndexOf(":");
  const port = Number(text.slice(at + 1));
  if (at < 1 || !Number.isInteger(port) || port < 1 || port > 65535) throw new Error(`"${text}" is not host:port`);
  return { host: text.slice(0, at), port };
}
