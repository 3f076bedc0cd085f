import { assert } from "@flotilla/base";
import { StoreError } from "./errors.ts";
import type { Bytes } from "./types.ts";

export interface Lease {
  readonly id: string;
  readonly ttl_s: number;
  readonly keys: Set<Bytes>;
  /** On the leader: when it runs out, in the monotonic milliseconds of the caller. */
  expires_ms: number;
}

/** etcd's limit: about 285 years in seconds. */
export const LEASE_TTL_S_MAX = 9_000_000_000;

/**
 * Leases and what hangs on them. Grants and revocations are commands, the same
 * everywhere; time is not: only the leader (`primary`) lets leases run out, and
 * a new leader gives each its full time again, so that none ends too early.
 */
export class Lessor {
  private readonly leases = new Map<string, Lease>();
  private primary = false;
  /** Shortest time-to-live to be granted, in seconds. */
  readonly ttl_s_min: number;

  constructor(ttl_s_min = 1) {
    this.ttl_s_min = ttl_s_min;
  }

  has(id: string): boolean {
    return this.leases.has(id);
  }

  get(id: string): Lease | undefined {
    return this.leases.get(id);
  }

  all(): IterableIterator<Lease> {
    return this.leases.values();
  }

  /** @throws StoreError when the id is taken or the time too long. */
  grant(id: string, ttl_s: number, now_ms: number): Lease {
    if (id === "0") throw new StoreError("lease-not-found");
    if (ttl_s > LEASE_TTL_S_MAX) throw new StoreError("lease-ttl-too-large");
    if (this.leases.has(id)) throw new StoreError("lease-exists");
    const granted = Math.max(ttl_s, this.ttl_s_min);
    const lease = { id, ttl_s: granted, keys: new Set<Bytes>(), expires_ms: this.deadline(granted, now_ms) };
    this.leases.set(id, lease);
    return lease;
  }

  /** Forgets the lease and returns its keys, in order, for the caller to delete. @throws StoreError when unknown. */
  revoke(id: string): Bytes[] {
    const lease = this.leases.get(id);
    if (!lease) throw new StoreError("lease-not-found");
    this.leases.delete(id);
    return [...lease.keys].sort((a, b) => (a < b ? -1 : 1));
  }

  attach(id: string, key: Bytes): void {
    if (id === "0") return;
    const lease = this.leases.get(id);
    assert(lease, "a key is attached to a lease that was checked before");
    lease.keys.add(key);
  }

  detach(id: string, key: Bytes): void {
    if (id !== "0") this.leases.get(id)?.keys.delete(key);
  }

  /** Gives the lease its full time again. @throws StoreError when unknown. */
  renew(id: string, now_ms: number): number {
    const lease = this.leases.get(id);
    if (!lease) throw new StoreError("lease-not-found");
    lease.expires_ms = this.deadline(lease.ttl_s, now_ms);
    return lease.ttl_s;
  }

  /** Whole seconds left, as TimeToLive shows them; not below zero. */
  remaining_s(lease: Lease, now_ms: number): number {
    return Math.max(0, Math.floor((lease.expires_ms - now_ms) / 1000));
  }

  /** This member leads from now on: every lease starts anew, `extend_ms` longer. */
  promote(now_ms: number, extend_ms: number): void {
    this.primary = true;
    for (const lease of this.leases.values()) lease.expires_ms = this.deadline(lease.ttl_s, now_ms) + extend_ms;
  }

  demote(): void {
    this.primary = false;
    for (const lease of this.leases.values()) lease.expires_ms = Number.POSITIVE_INFINITY;
  }

  /** Ids of leases whose time is over, `count_max` at most; empty on a member that does not lead. */
  expired(now_ms: number, count_max: number): string[] {
    const out: string[] = [];
    if (!this.primary) return out;
    for (const lease of this.leases.values()) {
      if (lease.expires_ms > now_ms) continue;
      out.push(lease.id);
      if (out.length >= count_max) break;
    }
    return out;
  }

  /** From a snapshot. */
  import(id: string, ttl_s: number): void {
    this.leases.set(id, { id, ttl_s, keys: new Set(), expires_ms: Number.POSITIVE_INFINITY });
  }

  private deadline(ttl_s: number, now_ms: number): number {
    return this.primary ? now_ms + ttl_s * 1000 : Number.POSITIVE_INFINITY;
  }
}
