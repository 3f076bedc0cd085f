import type { Store } from "./store.ts";
import { type Bytes, inRange, type KeyRange } from "./types.ts";
import { isTombstone, type Version } from "./version.ts";

export interface WatchSpec extends KeyRange {
  /** The first revision wanted; 0: from now on. */
  readonly start: number;
  readonly noPut: boolean;
  readonly noDelete: boolean;
}

/** Where a watcher's events go. Both calls happen inside of `publish` or `catchUp`. */
export interface WatchSink {
  /** False while the receiver has not taken what it was sent: then nothing more is sent. */
  writable(): boolean;
  /** All matching versions up to `revision` that were not delivered before, whole revisions only. */
  events(watcher: Watcher, versions: Version[]): void;
  /** What the watcher needs is gone; it is cancelled. */
  compacted(watcher: Watcher, revision: number): void;
}

export interface Watcher {
  readonly spec: WatchSpec;
  readonly sink: WatchSink;
  /** Every matching event below this revision has been delivered. */
  next: number;
  state: "synced" | "behind" | "cancelled";
  /** Matching versions of the running `publish`. */
  batch: Version[];
}

/** How far a lagging watcher is moved on in one go: versions looked at, bytes sent. */
const CATCH_UP_VERSIONS_MAX = 2048;
const CATCH_UP_BYTES_MAX = 1 << 20;

/**
 * Tells watchers what changed, in order, without gaps or repetitions.
 *
 * The hub owns who watches what and how far each has come; the store owns the
 * history; sinks own the connections. Invariants:
 *  1. a synced watcher has been sent everything up to `published`
 *  2. a watcher that is behind is sent nothing but history from its `next` on
 *  3. nothing is queued here: a slow receiver falls behind, into the history
 */
export class WatchHub {
  private store: Store;
  private readonly byKey = new Map<Bytes, Set<Watcher>>();
  private readonly ranges = new Set<Watcher>();
  private readonly behind = new Set<Watcher>();
  private published: number;

  constructor(store: Store) {
    this.store = store;
    this.published = store.revision;
  }

  get size(): number {
    let n = this.ranges.size + this.behind.size;
    for (const set of this.byKey.values()) n += set.size;
    return n;
  }

  /** Watchers that need `catchUp`. */
  get lagging(): number {
    return this.behind.size;
  }

  watch(spec: WatchSpec, sink: WatchSink): Watcher {
    const next = spec.start === 0 ? this.store.revision + 1 : spec.start;
    const watcher: Watcher = { spec, sink, next, state: "behind", batch: [] };
    if (next > this.store.revision) this.sync(watcher);
    else this.behind.add(watcher);
    return watcher;
  }

  cancel(watcher: Watcher): void {
    if (watcher.state === "synced") this.unsync(watcher);
    this.behind.delete(watcher);
    watcher.state = "cancelled";
  }

  /** Sends what was written since the last call to all watchers that are up to date. */
  publish(): void {
    const { history, revision } = this.store;
    if (revision === this.published) return;
    const from = this.published + 1;
    this.published = revision;
    if (this.byKey.size === 0 && this.ranges.size === 0) return;
    const touched: Watcher[] = [];
    for (let at = history.seek(from), v = history.at(at); v; v = history.at(++at)) {
      const exact = this.byKey.get(v.key);
      if (exact) for (const w of exact) collect(w, v, touched);
      for (const w of this.ranges) if (inRange(w.spec, v.key)) collect(w, v, touched);
    }
    for (const w of touched) {
      const { batch } = w;
      w.batch = [];
      if (w.sink.writable()) {
        w.next = revision + 1;
        w.sink.events(w, batch);
      } else {
        w.next = Math.max(w.next, from);
        this.unsync(w);
        w.state = "behind";
        this.behind.add(w);
      }
    }
  }

  /** Moves lagging watchers on by a bounded step each. Returns whether any can go on at once. */
  catchUp(): boolean {
    let more = false;
    for (const w of this.behind) {
      if (!w.sink.writable()) continue;
      if (w.next < this.store.compacted) {
        this.cancel(w);
        w.sink.compacted(w, this.store.compacted);
        continue;
      }
      this.step(w);
      if (w.state === "behind") more = true;
    }
    return more;
  }

  /** The store was replaced by a newer snapshot: everyone continues from its history. */
  rebase(store: Store): void {
    for (const w of [...this.ranges, ...[...this.byKey.values()].flatMap((set) => [...set])]) {
      this.unsync(w);
      w.next = Math.max(w.next, this.published + 1);
      w.state = "behind";
      this.behind.add(w);
    }
    this.store = store;
    this.published = store.revision;
  }

  private step(w: Watcher): void {
    const { history, revision } = this.store;
    const batch: Version[] = [];
    let at = history.seek(w.next);
    let last = revision;
    let bytes = 0;
    for (let seen = 0, v = history.at(at); v; v = history.at(++at), seen++) {
      // A revision is never split.
      if ((seen >= CATCH_UP_VERSIONS_MAX || bytes >= CATCH_UP_BYTES_MAX) && v.mod !== history.at(at - 1)!.mod) {
        last = v.mod - 1;
        break;
      }
      if (!inRange(w.spec, v.key) || !wanted(w, v)) continue;
      batch.push(v);
      bytes += v.size;
    }
    // One that waits for revisions to come must not be set back to the present.
    w.next = Math.max(w.next, last + 1);
    if (last === revision) {
      this.behind.delete(w);
      this.sync(w);
    }
    if (batch.length > 0) w.sink.events(w, batch);
  }

  private sync(w: Watcher): void {
    w.state = "synced";
    if (w.spec.end !== undefined) this.ranges.add(w);
    else {
      const set = this.byKey.get(w.spec.key);
      if (set) set.add(w);
      else this.byKey.set(w.spec.key, new Set([w]));
    }
  }

  private unsync(w: Watcher): void {
    this.ranges.delete(w);
    const set = this.byKey.get(w.spec.key);
    set?.delete(w);
    if (set?.size === 0) this.byKey.delete(w.spec.key);
  }
}

function collect(w: Watcher, v: Version, touched: Watcher[]): void {
  if (v.mod < w.next || !wanted(w, v)) return;
  if (w.batch.length === 0) touched.push(w);
  w.batch.push(v);
}

const wanted = ({ spec }: Watcher, v: Version) => (isTombstone(v) ? !spec.noDelete : !spec.noPut);
