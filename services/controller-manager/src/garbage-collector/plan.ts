import type { OwnerReference } from "@flotilla/api";
import { FOREGROUND, type Item, ORPHAN, waitsForDependents, waitsForOrphaning } from "./graph.ts";

export type OwnerState = "solid" | "absent" | "waiting";

export type CollectorAction =
  | { kind: "none" }
  /** Take these owners out of the references: others still hold the object. */
  | { kind: "removeOwners"; uids: string[] }
  | { kind: "delete"; policy: "Foreground" | "Background" | "Orphan" }
  /** Let the dependents go, then drop the orphan finalizer. */
  | { kind: "orphanDependents"; dependents: Item[] }
  | { kind: "removeFinalizer"; finalizer: typeof FOREGROUND | typeof ORPHAN }
  /** Foreground deletion: these must go before the object. */
  | { kind: "collect"; dependents: Item[] };

/** What to do with one object, given the state of its owners and its dependents. Source: KEP/design "garbage collection". */
export function planItem(item: Item, owners: { ref: OwnerReference; state: OwnerState }[], dependents: Item[]): CollectorAction {
  if (waitsForOrphaning(item)) {
    return dependents.length > 0 ? { kind: "orphanDependents", dependents } : { kind: "removeFinalizer", finalizer: ORPHAN };
  }
  if (waitsForDependents(item)) {
    const blocking = dependents.filter((d) => d.owners.some((o) => o.uid === item.uid && o.blockOwnerDeletion));
    return blocking.length === 0 ? { kind: "removeFinalizer", finalizer: FOREGROUND } : { kind: "collect", dependents };
  }
  if (item.deleting || owners.length === 0) return { kind: "none" };
  const of = (state: OwnerState) => owners.filter((o) => o.state === state).map((o) => o.ref.uid);
  const solid = of("solid");
  const absent = of("absent");
  const waiting = of("waiting");
  if (solid.length > 0) {
    const uids = [...absent, ...waiting];
    return uids.length > 0 ? { kind: "removeOwners", uids } : { kind: "none" };
  }
  // An owner that is deleted in the foreground wants the whole tree below it gone first.
  if (waiting.length > 0 && dependents.length > 0) return { kind: "delete", policy: "Foreground" };
  if (item.finalizers.includes(ORPHAN)) return { kind: "delete", policy: "Orphan" };
  if (item.finalizers.includes(FOREGROUND)) return { kind: "delete", policy: "Foreground" };
  return { kind: "delete", policy: "Background" };
}
