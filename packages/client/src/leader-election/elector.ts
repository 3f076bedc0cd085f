import { isAlreadyExists, isConflict, isNotFound, type Lease, Leases } from "@flotilla/api";
import { type Clock, jitter, type Logger, type Random, sleep } from "@flotilla/base";
import type { ApiClient } from "../client.ts";
import { decide, heldLease, type Observation, observe, releasedLease } from "./lease-record.ts";

export interface ElectionConfig {
  namespace: string;
  name: string;
  /** Unique per process: "machine_uuid". */
  identity: string;
  leaseDuration_ms: number;
  renewDeadline_ms: number;
  retryPeriod_ms: number;
}

export interface ElectionPorts {
  client: ApiClient;
  clock: Clock;
  random: Random;
  log: Logger;
}

/** How long a clean stop may take to give the lease back. */
const RELEASE_LIMIT_MS = 2_000;
const RETRY_JITTER = 1.2;

/**
 * Leader election by one Lease, as client-go's leaderelection.
 * Owns the lease record seen last. Invariants:
 * 1. `lead` runs only between a successful acquire or renew and `renewDeadline` after the last one.
 * 2. renewDeadline < leaseDuration, so we stop before anyone else may start.
 */
export class LeaderElector {
  private readonly ports: ElectionPorts;
  private readonly config: ElectionConfig;
  private lease: Lease | undefined;
  private seen: Observation | undefined;
  private leading = false;

  constructor(ports: ElectionPorts, config: ElectionConfig) {
    if (config.leaseDuration_ms <= config.renewDeadline_ms) throw new Error("leaseDuration must be greater than renewDeadline");
    if (config.renewDeadline_ms <= config.retryPeriod_ms * RETRY_JITTER) {
      throw new Error("renewDeadline must be greater than retryPeriod*JitterFactor");
    }
    this.ports = ports;
    this.config = config;
  }

  isLeader(): boolean {
    return this.leading;
  }

  /** Who holds the lease, as last seen. */
  leader(): string {
    return this.seen?.holder ?? "";
  }

  /**
   * Waits for the lease, then calls `lead` with a signal that aborts when it is lost.
   * Returns "lost" (the process must then stop: its work is someone else's) or "stopped" when `signal` aborted.
   */
  async run(signal: AbortSignal, lead: (signal: AbortSignal) => void): Promise<"lost" | "stopped"> {
    const { log, clock, random } = this.ports;
    while (!(await this.tryHold())) {
      await sleep(clock, jitter(random, this.config.retryPeriod_ms, RETRY_JITTER), signal);
      if (signal.aborted) return "stopped";
    }
    if (signal.aborted) return this.release();
    log.info("successfully acquired lease", { lease: `${this.config.namespace}/${this.config.name}` });
    this.leading = true;
    const term = new AbortController();
    const stop = () => term.abort();
    signal.addEventListener("abort", stop, { once: true });
    lead(term.signal);
    await this.keep(signal);
    this.leading = false;
    signal.removeEventListener("abort", stop);
    term.abort();
    if (signal.aborted) return this.release();
    log.error("leader election lost", { lease: `${this.config.namespace}/${this.config.name}` });
    return "lost";
  }

  /** Renews until the signal aborts or a whole deadline passes without success. */
  private async keep(signal: AbortSignal): Promise<void> {
    const { clock } = this.ports;
    let renewed_ms = clock.monotonic();
    while (!signal.aborted) {
      await sleep(clock, this.config.retryPeriod_ms, signal);
      if (signal.aborted) return;
      const left_ms = renewed_ms + this.config.renewDeadline_ms - clock.monotonic();
      const started_ms = clock.monotonic();
      // A call that hangs must not outlast the deadline.
      const result = await Promise.race([this.tryHold(signal), sleep(clock, Math.max(left_ms, 0), signal).then(() => false)]);
      if (result) renewed_ms = started_ms;
      else if (this.seen && this.seen.holder !== this.config.identity) return;
      else if (clock.monotonic() - renewed_ms >= this.config.renewDeadline_ms) return;
    }
  }

  private async tryHold(signal?: AbortSignal): Promise<boolean> {
    const { client, clock, log } = this.ports;
    const { namespace, name, identity, leaseDuration_ms } = this.config;
    try {
      // While we hold it, our own last write is the newest state: renew without reading first.
      if (!this.leading || !this.lease) {
        this.lease = await client.get(Leases, name, { namespace, signal });
        this.seen = observe(this.lease, this.seen, clock.monotonic());
        if (decide(this.seen, identity, leaseDuration_ms, clock.monotonic()) === "wait") return false;
      }
      this.lease = await client.update(Leases, heldLease(this.lease, this.config, clock.now()), { signal });
    } catch (error) {
      if (!isNotFound(error)) return this.failed(error);
      try {
        this.lease = await client.create(Leases, heldLease(undefined, this.config, clock.now()), { signal });
      } catch (createError) {
        return this.failed(createError);
      }
    }
    this.seen = observe(this.lease, this.seen, clock.monotonic());
    log.debug("lease renewed", { lease: `${namespace}/${name}` });
    return true;
  }

  private failed(error: unknown): false {
    this.lease = undefined; // read it again before the next write
    const expected = isConflict(error) || isAlreadyExists(error);
    if (expected) this.ports.log.debug("lease was written by someone else");
    else this.ports.log.warn("could not get or renew the lease", { why: (error as Error).message });
    return false;
  }

  private async release(): Promise<"stopped"> {
    const { client, clock, log } = this.ports;
    if (!this.lease || this.lease.spec?.holderIdentity !== this.config.identity) return "stopped";
    const written = client.update(Leases, releasedLease(this.lease, clock.now())).catch((error) => {
      log.warn("could not release the lease", { why: (error as Error).message });
    });
    await Promise.race([written, sleep(clock, RELEASE_LIMIT_MS)]);
    return "stopped";
  }
}
