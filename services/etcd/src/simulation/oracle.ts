import { isTombstone, type Store, type Version } from "@flotilla/mvcc";
import { Violation } from "@flotilla/raft/testing/checker.ts";
import type { WatchedEvent } from "@flotilla/testing/linearizability/index.ts";

/**
 * The one true history of revisions, as the members' stores write it: whoever is
 * first at a revision says what it is, all others must agree (state machine
 * safety, for keys and revisions), also those that got it in a snapshot.
 */
export class Oracle {
  /** The versions of each revision, in the order of the transaction. */
  private readonly revisions: Version[][] = [[], []];
  private readonly events: WatchedEvent[] = [];
  private readonly seen = new WeakMap<Store, number>();

  /** After every step: what has this store written since the last look? */
  observe(member: string, store: Store): void {
    const from = this.seen.get(store) ?? 0;
    if (store.revision === from) return;
    this.seen.set(store, store.revision);
    const { history } = store;
    for (let at = history.seek(from + 1), v = history.at(at); v; ) {
      const versions: Version[] = [];
      for (const { mod } = v; v?.mod === mod; v = history.at(++at)) versions.push(v);
      this.place(member, versions);
    }
  }

  get history(): readonly WatchedEvent[] {
    return this.events;
  }

  get revision(): number {
    return this.revisions.length - 1;
  }

  private place(member: string, versions: readonly Version[]): void {
    const { mod } = versions[0]!;
    const known = this.revisions[mod];
    if (!known) {
      if (mod !== this.revisions.length) throw new Violation(`${member} writes revision ${mod} after ${this.revision}`);
      this.revisions.push([...versions]);
      for (const v of versions) this.events.push(eventOf(v));
      return;
    }
    // A snapshot of a compacted store has only what is still to be seen.
    for (const v of versions) {
      const first = known.find((k) => k.key === v.key);
      if (!first || !sameVersion(first, v))
        throw new Violation(`${member} has another revision ${mod} of ${v.key}: ${show(v)}, not ${first && show(first)}`);
    }
  }
}

const sameVersion = (a: Version, b: Version) =>
  a.value === b.value && a.sub === b.sub && a.create === b.create && a.version === b.version && a.lease === b.lease;

const show = (v: Version) => `${v.value || "(gone)"} created ${v.create} version ${v.version} lease ${v.lease}`;

function eventOf(v: Version): WatchedEvent {
  const prev = v.prev && !isTombstone(v.prev) ? v.prev.value : null;
  return isTombstone(v) ? { type: "delete", key: v.key, mod: v.mod, prev } : { type: "put", key: v.key, value: v.value, mod: v.mod, prev };
}
