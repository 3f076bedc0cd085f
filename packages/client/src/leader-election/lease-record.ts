import type { Lease } from "@flotilla/api";
import { rfc3339Micro } from "@flotilla/base";

/** What we last saw of the lease, and when by our own monotonic clock: clocks of machines need not agree. */
export interface Observation {
  holder: string;
  /** Changes with every renewal; compared, never read as a time. */
  mark: string;
  at_ms: number;
}

export type Decision = "hold" | "take" | "wait";

export function observe(lease: Lease, before: Observation | undefined, now_ms: number): Observation {
  const holder = lease.spec?.holderIdentity ?? "";
  const mark = `${holder} ${lease.spec?.renewTime ?? ""} ${lease.spec?.leaseTransitions ?? 0}`;
  return before?.mark === mark ? before : { holder, mark, at_ms: now_ms };
}

/** Ours: renew. Nobody's, or not renewed for its whole duration since we first saw it so: take it. */
export function decide(seen: Observation, identity: string, leaseDuration_ms: number, now_ms: number): Decision {
  if (seen.holder === identity) return "hold";
  if (seen.holder === "") return "take";
  return now_ms - seen.at_ms >= leaseDuration_ms ? "take" : "wait";
}

/** The lease as we write it: renewed, taken over, or new. */
export function heldLease(
  before: Lease | undefined,
  id: { identity: string; namespace: string; name: string; leaseDuration_ms: number },
  now_ms: number,
): Lease {
  const time = rfc3339Micro(now_ms);
  const same = before?.spec?.holderIdentity === id.identity;
  const transitions = before?.spec?.leaseTransitions ?? 0;
  return {
    ...before,
    metadata: before?.metadata ?? { namespace: id.namespace, name: id.name },
    spec: {
      ...before?.spec,
      holderIdentity: id.identity,
      leaseDurationSeconds: Math.max(1, Math.round(id.leaseDuration_ms / 1000)),
      acquireTime: same ? before?.spec?.acquireTime : time,
      renewTime: time,
      leaseTransitions: before && !same ? transitions + 1 : transitions,
    },
  };
}

/** Given up in order: no holder, and so short that nobody waits for it. */
export function releasedLease(before: Lease, now_ms: number): Lease {
  const time = rfc3339Micro(now_ms);
  const spec = { ...before.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime: time, acquireTime: time };
  return { ...before, spec };
}
