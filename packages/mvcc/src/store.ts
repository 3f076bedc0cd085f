import { assert } from "@flotilla/base";
import BTreeModule from "sorted-btree";
import { StoreError } from "./errors.ts";
import { History } from "./history.ts";
import { type Bytes, type KeyRange, NO_END } from "./types.ts";
import { Values, type ValuesOptions } from "./values.ts";
import { isTombstone, Version, type VersionFields } from "./version.ts";

// The package is CommonJS with an ES default inside of it.
const BTree = ((BTreeModule as any).default ?? BTreeModule) as typeof import("sorted-btree").default;
type Index = InstanceType<typeof BTree<Bytes, Version>>;

const byBytes = (a: Bytes, b: Bytes) => (a < b ? -1 : a > b ? 1 : 0);
/** No byte string is greater. */
const BEYOND_ALL_KEYS = "\uffff";
const STOP = { break: true };
/** What a version costs beyond its bytes; a round figure for quota and status. */
const VERSION_OVERHEAD_BYTES = 64;

/** Keys looked at per `tidy`, and how much waste is not worth the walk. */
const TIDY_KEYS = 2000;

export type StoreOptions = ValuesOptions;

/**
 * Keys with all their versions since the last compaction, in memory.
 *
 * The store owns versions and revisions. Whoever applies commands owns their
 * order; the same commands in the same order give the same store. Invariants:
 *  1. revision only grows, by one per transaction that writes
 *  2. index maps each key to its newest version, tombstones included until compaction
 *  3. what a reader sees at a revision >= compacted never changes
 *
 * Compaction is decided at once (`compact`) and carried out little by little
 * (`sweep`), so that no turn is long; how far the sweep is, no reader can tell.
 */
export class Store {
  revision = 1;
  compacted = 0;
  bytes = 0;
  readonly history = new History();
  private readonly index: Index = new BTree<Bytes, Version>(undefined, byBytes);
  private readonly values: Values;
  private sub = 0;
  private holds = 0;
  /** How far the current walk through all keys has come, while there is one. */
  private tidied: Bytes | undefined;

  constructor(options: StoreOptions = {}) {
    this.values = new Values(options);
  }

  /** Distinct keys, deleted ones included until compaction. */
  get keys(): number {
    return this.index.size;
  }

  /** Starts a transaction's writes; they share the next revision. */
  begin(): void {
    this.sub = 0;
  }

  /** Ends a transaction: the revision moves if something was written. */
  commit(): void {
    if (this.sub > 0) this.revision++;
    this.sub = 0;
  }

  /** The revision the current transaction's reads and responses show. */
  get current(): number {
    return this.sub > 0 ? this.revision + 1 : this.revision;
  }

  get(key: Bytes): Version | undefined {
    const v = this.index.get(key);
    return v === undefined || isTombstone(v) ? undefined : v;
  }

  /** A key's newest version, tombstones included. */
  head(key: Bytes): Version | undefined {
    return this.index.get(key);
  }

  /** `prev`: the key's head, for who has looked it up already. */
  put(key: Bytes, value: Bytes | Uint8Array, lease: string, prev = this.index.get(key)): Version {
    const fresh = prev === undefined || isTombstone(prev);
    const mod = this.revision + 1;
    const fields = {
      key: prev ? prev.key : key, // one string for all versions of a key
      value,
      mod,
      sub: this.sub++,
      create: fresh ? mod : prev.create,
      version: fresh ? 1 : prev.version + 1,
      lease,
    };
    return this.write(new Version(this.values, fields, prev));
  }

  /** Writes a tombstone over `prev`, which must be the key's live version. */
  delete(prev: Version): Version {
    assert(this.index.get(prev.key) === prev && !isTombstone(prev), "only a live key is deleted");
    const fields = { key: prev.key, value: "", mod: this.revision + 1, sub: this.sub++, create: 0, version: 0, lease: "0" };
    return this.write(new Version(this.values, fields, prev));
  }

  /** @throws StoreError when `revision` is compacted or not there yet. */
  checkRevision(revision: number): void {
    if (revision > this.current) throw new StoreError("future-revision");
    if (revision > 0 && revision < this.compacted) throw new StoreError("compacted");
  }

  /** Calls `visit` for every key alive at `revision` (0: now), in key order, until it returns false. */
  forEach(range: KeyRange, revision: number, visit: (v: Version) => boolean): void {
    const at = revision > 0 && revision < this.current ? revision : Number.MAX_SAFE_INTEGER;
    if (range.end === undefined) {
      const v = versionAt(this.index.get(range.key), at);
      if (v) visit(v);
      return;
    }
    const end = range.end === NO_END ? BEYOND_ALL_KEYS : range.end;
    if (range.key >= end) return;
    this.index.forRange(range.key, end, false, (_key, head) => {
      const v = versionAt(head, at);
      return v && !visit(v) ? STOP : undefined;
    });
  }

  /** The newest version of every key in the range, tombstones included. */
  forEachHead(range: { key: Bytes; end: Bytes }, visit: (head: Version) => void): void {
    const end = range.end === NO_END ? BEYOND_ALL_KEYS : range.end;
    this.index.forRange(range.key, end, false, (_key, head) => {
      visit(head);
    });
  }

  /** Live keys in the range now, in key order. */
  latest(range: KeyRange): Version[] {
    const out: Version[] = [];
    this.forEach(range, 0, (v) => {
      out.push(v);
      return true;
    });
    return out;
  }

  /** @throws StoreError when already compacted there, or the revision is to come. */
  compact(revision: number): void {
    if (revision <= this.compacted) throw new StoreError("compacted");
    if (revision > this.revision) throw new StoreError("future-revision");
    this.compacted = revision;
  }

  /** Removes up to `count_max` superseded versions. Returns whether more is left to do. */
  sweep(count_max: number): boolean {
    if (this.holds > 0) return false;
    for (let n = 0; n < count_max; n++) {
      const v = this.history.first();
      // A watch may still start at the compacted revision itself, so that one stays.
      if (!v || v.mod >= this.compacted) return this.tidy();
      this.history.shift();
      // Everything before v is superseded at the compacted revision.
      if (v.prev) {
        this.bytes -= cost(v.prev);
        v.prev.release();
        v.prev = undefined;
      }
      if (isTombstone(v) && this.index.get(v.key) === v) {
        this.index.delete(v.key);
        this.bytes -= cost(v);
      }
    }
    return true;
  }

  /** Keeps every version in place while a snapshot is being read. Call the result once to let go. */
  hold(): () => void {
    this.holds++;
    let held = true;
    return () => {
      if (held) this.holds--;
      held = false;
    };
  }

  /**
   * Versions for a snapshot at `revision`, old to new per key, from the first key
   * after `after` on, about `bytes_max` of them; empty when done. Hold the store meanwhile.
   */
  export(after: Bytes | undefined, revision: number, bytes_max: number): Version[] {
    const out: Version[] = [];
    let bytes = 0;
    for (const [key, head] of this.index.entries(after)) {
      if (key === after) continue;
      if (bytes > bytes_max) break;
      const chain: Version[] = [];
      for (let v: Version | undefined = head; v; v = v.prev) if (v.mod <= revision) chain.push(v);
      for (const v of chain.reverse()) {
        out.push(v);
        bytes += cost(v);
      }
    }
    return out;
  }

  /** Takes a snapshot's versions, per key from old to new; `finishImport` follows. */
  import(v: VersionFields): void {
    const prev = this.index.get(v.key);
    const version = new Version(this.values, prev ? { ...v, key: prev.key } : v, prev);
    this.index.set(version.key, version);
    this.bytes += cost(version);
    this.imported.push(version);
  }

  private imported: Version[] = [];

  finishImport(revision: number, compacted: number): void {
    this.imported.sort((a, b) => a.mod - b.mod || a.sub - b.sub);
    for (const v of this.imported) this.history.push(v);
    this.imported = [];
    this.revision = revision;
    this.compacted = compacted;
  }

  /** Everything here is given up: another store takes its place. */
  discard(): void {
    this.values.discard();
  }

  /**
   * Gathers what is left in slabs that compaction has mostly emptied, a part of
   * the keys per call. Returns whether more is left to do.
   */
  private tidy(): boolean {
    if (this.tidied === undefined && !this.values.isWasteful) return false;
    let count = 0;
    for (const [key, head] of this.index.entries(this.tidied)) {
      for (let v: Version | undefined = head; v; v = v.prev) v.tidy();
      this.tidied = key;
      if (++count > TIDY_KEYS) return true;
    }
    this.tidied = undefined;
    return false;
  }

  private write(v: Version): Version {
    this.index.set(v.key, v);
    this.history.push(v);
    this.bytes += cost(v);
    return v;
  }
}

/** The version of a key that was alive at revision `at`. */
export function versionAt(head: Version | undefined, at: number): Version | undefined {
  let v = head;
  while (v && v.mod > at) v = v.prev;
  return v && !isTombstone(v) ? v : undefined;
}

const cost = (v: Version) => v.key.length + v.size + VERSION_OVERHEAD_BYTES;
