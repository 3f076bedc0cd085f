import type { Clock } from "@flotilla/base";
import type { StoreHook } from "../registry/hooks.ts";
import type { Store } from "../storage/store.ts";

/** Objects share a lease granted within the last part of their lifetime: one lease per object would burden the store. */
const SHARE_FRACTION = 0.05;

/** Events go by themselves after --event-ttl. */
export function eventHook(store: Store, clock: Clock, ttl_seconds: number): StoreHook {
  const share_ms = Math.max(1_000, ttl_seconds * 1_000 * SHARE_FRACTION);
  let shared: { lease: Promise<string>; granted_ms: number } | undefined;
  return {
    lease: () => {
      const now = clock.monotonic();
      if (!shared || now - shared.granted_ms > share_ms) {
        const lease = store.grantLease(Math.ceil(ttl_seconds + share_ms / 1_000));
        shared = { lease, granted_ms: now };
        lease.catch(() => (shared = undefined));
      }
      return shared.lease;
    },
  };
}
