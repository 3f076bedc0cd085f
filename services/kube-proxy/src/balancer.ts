import type { Clock } from "@flotilla/base";

/** How long an endpoint that refused or timed out is tried last. */
const SUSPECT_MS = 5_000;
/** Clients remembered for session affinity, per listener; the least recent is forgotten. */
const AFFINITY_LIMIT = 10_000;

interface Affinity {
  backend: string;
  used_ms: number;
}

/**
 * Owns the order in which one listener's endpoints are tried.
 * Invariants: 1. only current backends are returned. 2. every backend appears once
 * in an answer, so a connection tries each at most once per round.
 */
export class Balancer {
  private backends: readonly string[] = [];
  private affinity_ms: number | undefined;
  private cursor = 0;
  private readonly suspects = new Map<string, number>();
  private readonly sticky = new Map<string, Affinity>();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  update(backends: readonly string[], affinity_ms: number | undefined): void {
    this.backends = backends;
    this.affinity_ms = affinity_ms;
    for (const backend of this.suspects.keys()) if (!backends.includes(backend)) this.suspects.delete(backend);
    for (const [client, entry] of this.sticky) {
      if (affinity_ms === undefined || !backends.includes(entry.backend)) this.sticky.delete(client);
    }
  }

  /** Whether answers depend on who asks. */
  get needsClient(): boolean {
    return this.affinity_ms !== undefined;
  }

  has(backend: string): boolean {
    return this.backends.includes(backend);
  }

  /** Candidates for a new connection, best first. */
  candidates(clientIp: string): readonly string[] {
    const count = this.backends.length;
    if (count <= 1) return this.backends;
    const start = this.cursor++ % count;
    let order = start === 0 ? this.backends : [...this.backends.slice(start), ...this.backends.slice(0, start)];
    if (this.suspects.size > 0) order = this.suspectsLast(order);
    const sticky = this.affinity_ms === undefined ? undefined : this.stickyBackend(clientIp);
    return sticky === undefined ? order : [sticky, ...order.filter((b) => b !== sticky)];
  }

  succeeded(clientIp: string, backend: string): void {
    if (this.suspects.size > 0) this.suspects.delete(backend);
    if (this.affinity_ms === undefined) return;
    this.sticky.delete(clientIp);
    this.sticky.set(clientIp, { backend, used_ms: this.clock.monotonic() });
    if (this.sticky.size > AFFINITY_LIMIT) this.sticky.delete(this.sticky.keys().next().value!);
  }

  failed(backend: string): void {
    if (this.has(backend)) this.suspects.set(backend, this.clock.monotonic() + SUSPECT_MS);
  }

  private suspectsLast(order: readonly string[]): string[] {
    const now = this.clock.monotonic();
    for (const [backend, until] of this.suspects) if (until <= now) this.suspects.delete(backend);
    return [...order.filter((b) => !this.suspects.has(b)), ...order.filter((b) => this.suspects.has(b))];
  }

  private stickyBackend(clientIp: string): string | undefined {
    const entry = this.sticky.get(clientIp);
    if (!entry) return undefined;
    if (this.clock.monotonic() - entry.used_ms < this.affinity_ms!) return entry.backend;
    this.sticky.delete(clientIp);
    return undefined;
  }
}
