import type { KubeObject, OwnerReference, ResourceType } from "@flotilla/api";

export const FOREGROUND = "foregroundDeletion";
export const ORPHAN = "orphan";

/** What the collector keeps of an object: who it is, who owns it, and how it is being deleted. */
export interface Item {
  readonly uid: string;
  readonly type: ResourceType<KubeObject>;
  readonly name: string;
  readonly namespace?: string;
  readonly owners: OwnerReference[];
  readonly deleting: boolean;
  readonly finalizers: string[];
}

export function itemOf(type: ResourceType<KubeObject>, object: KubeObject): Item {
  const { uid, name, namespace, ownerReferences, deletionTimestamp, finalizers } = object.metadata;
  const owners = ownerReferences ?? [];
  return { uid: uid!, type, name: name!, namespace, owners, deleting: deletionTimestamp !== undefined, finalizers: finalizers ?? [] };
}

/** Deleted, but waits until its dependents are gone (foreground). */
export const waitsForDependents = (item: Item): boolean => item.deleting && item.finalizers.includes(FOREGROUND);
/** Deleted, but its dependents are to be let go first. */
export const waitsForOrphaning = (item: Item): boolean => item.deleting && item.finalizers.includes(ORPHAN);

/**
 * Who owns whom.
 * Invariant: `dependents(uid)` are exactly the items with a reference to uid, also while no such owner is known.
 */
export class OwnerGraph {
  private readonly items = new Map<string, Item>();
  private readonly byOwner = new Map<string, Set<string>>();

  get(uid: string): Item | undefined {
    return this.items.get(uid);
  }

  dependents(uid: string): Item[] {
    return [...(this.byOwner.get(uid) ?? [])].map((d) => this.items.get(d)!);
  }

  set(item: Item): Item | undefined {
    const old = this.remove(item.uid);
    this.items.set(item.uid, item);
    for (const { uid } of item.owners) {
      let set = this.byOwner.get(uid);
      if (!set) this.byOwner.set(uid, (set = new Set()));
      set.add(item.uid);
    }
    return old;
  }

  remove(uid: string): Item | undefined {
    const old = this.items.get(uid);
    if (!old) return undefined;
    this.items.delete(uid);
    for (const owner of old.owners) {
      const set = this.byOwner.get(owner.uid);
      set?.delete(uid);
      if (set?.size === 0) this.byOwner.delete(owner.uid);
    }
    return old;
  }
}
