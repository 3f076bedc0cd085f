import { apiError } from "@flotilla/api";
import { assert } from "@flotilla/base";
import { type Entry, entryAt } from "./entry.ts";

export interface Change {
  type: "ADDED" | "MODIFIED" | "DELETED";
  entry: Entry;
  /** What it was before: selectors compare both. */
  previous: Entry | undefined;
  revision: number;
}

export type Listener = (change: Change) => void;

/** Changes kept per resource for watchers that reconnect; older ones are asked of the store. */
const HISTORY_MAX = 2_000;

/**
 * ResourceCache owns the objects of one resource as of the feed's revision, and a
 * bounded history of their changes.
 * 1. Changes arrive in the order of their revisions.
 * 2. A watch from revision r gets every change after r, or Expired: nothing is skipped.
 * 3. `keys` minus `keysGone` are exactly the entries' keys; they are sorted only when someone lists.
 */
export class ResourceCache {
  private readonly entries = new Map<string, Entry>();
  private keys: string[] = [];
  private keysDirty = false;
  /** Keys of deleted entries that still stand in `keys`. */
  private readonly keysGone = new Set<string>();
  private history: Change[] = [];
  private readonly listeners = new Set<Listener>();
  /** Keys whose stored values cannot be read, with the reason. */
  private readonly unreadable = new Map<string, string>();
  private forgotten: number;
  /** Of the last change: a list at any later revision equals the cache. */
  lastRevision: number;

  constructor(revision: number) {
    this.forgotten = revision;
    this.lastRevision = revision;
  }

  get size(): number {
    return this.entries.size;
  }

  get watchers(): number {
    return this.listeners.size;
  }

  /** Changes up to here may be missing from the history. */
  get forgottenRevision(): number {
    return this.forgotten;
  }

  /** @throws ApiError InternalError when its value cannot be read. */
  get(key: string): Entry | undefined {
    if (this.unreadable.size > 0 && this.unreadable.has(key))
      throw apiError("InternalError", `Internal error occurred: ${this.unreadable.get(key)}`);
    return this.entries.get(key);
  }

  /**
   * Entries whose key starts with `prefix` and follows `after`, in order of their keys.
   * @throws ApiError InternalError when one of the resource cannot be read: a list that hides it would be a lie.
   */
  *scan(prefix: string, after = ""): Generator<Entry> {
    for (const [key, reason] of this.unreadable)
      if (key.startsWith(prefix)) throw apiError("InternalError", `Internal error occurred: ${reason}`);
    const keys = this.sortedKeys();
    for (let i = lowerBound(keys, after > prefix ? after : prefix); i < keys.length; i++) {
      const key = keys[i]!;
      if (!key.startsWith(prefix)) return;
      if (key === after) continue;
      const entry = this.entries.get(key);
      if (entry) yield entry;
    }
  }

  /** The first list was read at this revision: what happened before is not known. */
  begin(revision: number): void {
    assert(this.history.length === 0, "begins before any change");
    this.forgotten = revision;
    this.lastRevision = revision;
  }

  /** The value at this key is there, but sealed with a key that nobody has. */
  markUnreadable(key: string, reason: string): void {
    this.unreadable.set(key, reason);
  }

  /** What happened after `revision` and up to `forgottenRevision`, read from the store: older watches may now begin here. */
  recall(revision: number, changes: Change[]): void {
    assert(revision <= this.forgotten, "what is known is not recalled again");
    assert((changes.at(-1)?.revision ?? 0) <= this.forgotten, "recalled changes end where the history begins");
    this.history = [...changes, ...this.history];
    this.forgotten = revision;
  }

  /** Puts an entry of the first list: no history, no event. */
  load(entry: Entry): void {
    if (!this.entries.has(entry.key)) this.addKey(entry.key);
    this.entries.set(entry.key, entry);
  }

  put(entry: Entry): void {
    const previous = this.entries.get(entry.key);
    if (!previous) this.addKey(entry.key);
    if (this.unreadable.size > 0) this.unreadable.delete(entry.key);
    this.entries.set(entry.key, entry);
    this.emit({ type: previous ? "MODIFIED" : "ADDED", entry, previous, revision: entry.revision });
  }

  remove(key: string, revision: number): void {
    if (this.unreadable.size > 0) this.unreadable.delete(key);
    const previous = this.entries.get(key);
    if (!previous) return;
    this.entries.delete(key);
    this.keysGone.add(key);
    this.emit({ type: "DELETED", entry: entryAt(previous, revision), previous, revision });
  }

  /**
   * Calls `listener` with each change after `revision`: at once with those known, later as they come.
   * @throws ApiError Expired when the history does not reach back that far.
   */
  subscribe(revision: number, listener: Listener): () => void {
    if (revision < this.forgotten) {
      throw apiError("Expired", `too old resource version: ${revision} (${this.forgotten})`);
    }
    for (let i = this.historyIndexAfter(revision); i < this.history.length; i++) listener(this.history[i]!);
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private emit(change: Change): void {
    assert(change.revision >= this.lastRevision, "changes arrive in order");
    this.lastRevision = change.revision;
    this.history.push(change);
    if (this.history.length >= 2 * HISTORY_MAX) {
      const dropped = this.history.length - HISTORY_MAX;
      this.forgotten = this.history[dropped - 1]!.revision;
      this.history = this.history.slice(dropped);
    }
    for (const listener of this.listeners) listener(change);
  }

  private historyIndexAfter(revision: number): number {
    let low = 0;
    let high = this.history.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.history[middle]!.revision > revision) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private addKey(key: string): void {
    if (this.keysGone.delete(key)) return;
    const last = this.keys.at(-1);
    if (last !== undefined && key < last) this.keysDirty = true;
    this.keys.push(key);
  }

  private sortedKeys(): string[] {
    if (this.keysGone.size > this.keys.length / 2) this.sweepKeys();
    if (this.keysDirty) this.keys.sort();
    this.keysDirty = false;
    return this.keys;
  }

  private sweepKeys(): void {
    this.keys = this.keys.filter((key) => this.entries.has(key));
    this.keysGone.clear();
  }
}

/** The index of the first key not below `bound`. */
function lowerBound(keys: string[], bound: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
