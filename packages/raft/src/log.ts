import { assert } from "@flotilla/base";
import type { Entry, SnapshotMeta } from "./message.ts";

/**
 * The log as one member sees it: the entries since the last snapshot, in memory.
 *
 * The log owns the order of entries and the cursors over them; the caller of
 * Ready owns the disk. Invariants:
 *  1. offset <= applied <= committed <= lastIndex
 *  2. persisted <= handed <= lastIndex: what the disk has, what the disk was given
 *  3. a committed entry is never removed except into a snapshot
 *  4. an entry is handed out to be applied only when it is committed and on the own disk
 */
export class RaftLog {
  private entries: Entry[] = [];
  /** Index and term of the last entry covered by the snapshot. */
  offset = 0;
  offsetTerm = 0;
  committed = 0;
  applied = 0;
  persisted = 0;
  handed = 0;
  /** What the entries' data takes, for callers that bound the log's memory. */
  bytes = 0;

  constructor(snapshot: { index: number; term: number }, entries: readonly Entry[], committed: number) {
    this.offset = snapshot.index;
    this.offsetTerm = snapshot.term;
    this.entries = entries.filter((e) => e.index > snapshot.index);
    this.entries.forEach((e, i) => {
      assert(e.index === this.offset + 1 + i, `log has a gap at ${e.index}`);
    });
    this.persisted = this.handed = this.lastIndex;
    for (const e of this.entries) this.bytes += e.data.length;
    this.applied = snapshot.index;
    this.committed = Math.max(snapshot.index, Math.min(committed, this.lastIndex));
  }

  get firstIndex(): number {
    return this.offset + 1;
  }

  get lastIndex(): number {
    return this.offset + this.entries.length;
  }

  get lastTerm(): number {
    return this.entries.length ? this.entries[this.entries.length - 1]!.term : this.offsetTerm;
  }

  /** The term at `index`; undefined when the entry is compacted or not there yet. */
  termAt(index: number): number | undefined {
    if (index === this.offset) return this.offsetTerm;
    return this.entries[index - this.offset - 1]?.term;
  }

  /** Entries from `from` on, at least one if there is one, within `bytes_max` and `to`. */
  slice(from: number, bytes_max: number, to = this.lastIndex): Entry[] {
    assert(from > this.offset, `entries before ${this.offset} are compacted, ${from} was asked for`);
    const out: Entry[] = [];
    let bytes = 0;
    for (let i = from; i <= to; i++) {
      const entry = this.entries[i - this.offset - 1]!;
      bytes += entry.data.length;
      if (out.length > 0 && bytes > bytes_max) break;
      out.push(entry);
    }
    return out;
  }

  /** Appends as leader: the entries follow the last one. */
  append(entry: Entry): void {
    assert(entry.index === this.lastIndex + 1, "a leader only appends");
    this.push(entry);
  }

  /**
   * AppendEntries' receiver rules 2 to 5 (paper, figure 2): refuses when `prev`
   * does not match, removes what conflicts, adds what is missing.
   * Returns the last new index, or undefined on refusal.
   */
  tryAppend(prevIndex: number, prevTerm: number, entries: readonly Entry[], commit: number): number | undefined {
    if (prevIndex < this.offset) {
      // The beginning is inside of our snapshot, hence committed and equal.
      const rest = entries.filter((e) => e.index > this.offset);
      if (rest.length === 0) return this.offset;
      return this.tryAppend(this.offset, this.offsetTerm, rest, commit);
    }
    if (this.termAt(prevIndex) !== prevTerm) return undefined;
    const at = entries.findIndex((e) => this.termAt(e.index) !== e.term);
    if (at >= 0) {
      const first = entries[at]!.index;
      assert(first > this.committed, `entry ${first} conflicts with a committed one`);
      if (first <= this.lastIndex) this.truncate(first);
      for (let i = at; i < entries.length; i++) this.push(entries[i]!);
    }
    const last = prevIndex + entries.length;
    this.commitTo(Math.min(commit, last));
    return last;
  }

  /** The largest index up to `index` whose term is not above `term`: where a conflict may end. */
  lastNotAbove(index: number, term: number): number {
    let i = Math.min(index, this.lastIndex);
    while (i > this.offset && this.termAt(i)! > term) i--;
    return i;
  }

  commitTo(index: number): void {
    if (index <= this.committed) return;
    assert(index <= this.lastIndex, `commit ${index} is beyond the log's end ${this.lastIndex}`);
    this.committed = index;
  }

  /** What the disk has not been given yet. */
  hasUnhanded(): boolean {
    return this.handed < this.lastIndex;
  }

  takeUnhanded(): Entry[] {
    const out = this.entries.slice(this.handed - this.offset);
    this.handed = this.lastIndex;
    return out;
  }

  /** The disk holds the log up to `index`; ignored when that entry has been replaced meanwhile. */
  persistedTo(index: number, term: number): void {
    if (index > this.persisted && this.termAt(index) === term) this.persisted = index;
  }

  hasUnappliedConf(): boolean {
    for (let i = this.applied + 1; i <= this.committed; i++) if (this.entries[i - this.offset - 1]!.kind === "conf") return true;
    return false;
  }

  hasApplicable(): boolean {
    return this.applied < Math.min(this.committed, this.persisted);
  }

  takeApplicable(count_max: number): Entry[] {
    const from = this.applied - this.offset;
    const to = Math.min(this.committed, this.persisted, this.applied + count_max) - this.offset;
    this.applied = to + this.offset;
    return this.entries.slice(from, to);
  }

  /** Forgets entries up to `index`, which the application's snapshot covers (paper §7). */
  compact(index: number): void {
    assert(index <= this.applied, "only applied entries can be compacted");
    if (index <= this.offset) return;
    const term = this.termAt(index)!;
    this.forget(0, index - this.offset);
    this.entries = this.entries.slice(index - this.offset);
    this.offset = index;
    this.offsetTerm = term;
  }

  /** Replaces everything by a snapshot (paper §7, figure 13, rule 7). */
  restore(snapshot: SnapshotMeta): void {
    assert(snapshot.index > this.committed, "a snapshot behind the commit index is ignored, not restored");
    this.entries = [];
    this.bytes = 0;
    this.offset = snapshot.index;
    this.offsetTerm = snapshot.term;
    this.committed = this.applied = this.persisted = this.handed = snapshot.index;
  }

  private push(entry: Entry): void {
    this.entries.push(entry);
    this.bytes += entry.data.length;
  }

  private forget(from: number, to: number): void {
    for (let i = from; i < to; i++) this.bytes -= this.entries[i]!.data.length;
  }

  private truncate(first: number): void {
    this.forget(first - this.offset - 1, this.entries.length);
    this.entries.length = first - this.offset - 1;
    this.handed = Math.min(this.handed, first - 1);
    this.persisted = Math.min(this.persisted, first - 1);
  }
}
