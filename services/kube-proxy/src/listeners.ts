import { Backoff, type Clock, type Logger, type Random, type Timer } from "@flotilla/base";
import { Balancer } from "./balancer.ts";
import type { Listening, Sockets } from "./ports.ts";
import type { Rule } from "./rules.ts";

type State =
  | { at: "idle" } // no endpoints: nothing listens, so the kernel refuses, as iptables' REJECT does
  | { at: "opening" }
  | { at: "listening"; socket: Listening }
  | { at: "waiting"; timer: Timer };

interface Entry {
  rule: Rule;
  balancer: Balancer;
  state: State;
}

const RETRY = { initial_ms: 200, max_ms: 5_000 };

/**
 * Owns every listening socket; brings them level with the rules.
 * Invariants: 1. at most one socket per key. 2. a key that is gone from the rules, or
 * has no backends, has no socket. 3. a bind that failed is tried again until the rule goes.
 */
export class Listeners {
  private readonly entries = new Map<string, Entry>();
  private readonly backoff: Backoff;
  private readonly sockets: Sockets;
  private readonly clock: Clock;
  private readonly log: Logger;

  constructor(sockets: Sockets, ports: { clock: Clock; random: Random; log: Logger }) {
    this.sockets = sockets;
    this.clock = ports.clock;
    this.log = ports.log;
    this.backoff = new Backoff(RETRY, ports.random);
  }

  /** Keys that listen now. */
  listening(): string[] {
    return [...this.entries].filter(([, e]) => e.state.at === "listening").map(([key]) => key);
  }

  sync(rules: ReadonlyMap<string, Rule>): void {
    for (const [key, entry] of this.entries) {
      if (rules.has(key)) continue;
      this.shut(entry);
      this.entries.delete(key);
      this.backoff.reset(key);
    }
    for (const [key, rule] of rules) this.syncOne(key, rule);
  }

  closeAll(): void {
    this.sync(new Map());
  }

  private syncOne(key: string, rule: Rule): void {
    let entry = this.entries.get(key);
    if (!entry) {
      entry = { rule, balancer: new Balancer(this.clock), state: { at: "idle" } };
      this.entries.set(key, entry);
    }
    entry.rule = rule;
    entry.balancer.update(rule.backends, rule.affinity_ms);
    if (rule.backends.length === 0) this.shut(entry);
    else if (entry.state.at === "idle") this.open(key, entry);
    if (entry.state.at === "listening") entry.state.socket.changed();
  }

  private open(key: string, entry: Entry): void {
    const opening: State = { at: "opening" };
    entry.state = opening;
    this.sockets.listen(entry.rule.protocol, entry.rule.address, entry.rule.port, entry.balancer).then(
      (socket) => {
        if (entry.state !== opening) return socket.close(); // the rule went while the socket opened
        entry.state = { at: "listening", socket };
        this.backoff.reset(key);
        this.log.debug("listening", { rule: key, service: entry.rule.service });
      },
      (error: NodeJS.ErrnoException) => {
        if (entry.state !== opening) return;
        const delay_ms = this.backoff.next(key);
        if (this.backoff.failures(key) <= 1) {
          this.log.warn("could not listen, will retry", { rule: key, service: entry.rule.service, code: error.code });
        }
        const timer = this.clock.setTimeout(() => this.open(key, entry), delay_ms);
        entry.state = { at: "waiting", timer };
      },
    );
  }

  private shut(entry: Entry): void {
    if (entry.state.at === "listening") entry.state.socket.close();
    if (entry.state.at === "waiting") entry.state.timer.cancel();
    entry.state = { at: "idle" };
  }
}
