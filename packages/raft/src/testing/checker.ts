import type { Entry, NodeId } from "../message.ts";
import type { RawNode } from "../raw-node.ts";

/** A property of figure 3 of the paper, or of dissertation §6.4, does not hold. */
export class Violation extends Error {
  override name = "Violation";
}

/** A member as the checker sees it; without a node while it is down. */
export interface Observed {
  readonly id: NodeId;
  readonly node: Pick<RawNode, "role" | "term" | "log"> | undefined;
}

/** What of a node has been looked at: the term of each entry, and the commit index. */
interface View {
  terms: number[];
  committed: number;
}

/**
 * Watches a cluster from outside; sees everything, changes nothing. It looks
 * after every step at what the step has changed.
 */
export class Checker {
  /** Who led each term. */
  private readonly leaders = new Map<number, NodeId>();
  /** Every entry that was ever in a log, by index and term. */
  private readonly written = new Map<string, { entry: Entry; prevTerm: number | undefined }>();
  /** What has been committed at each index. */
  private readonly history = new Map<number, Entry>();
  private readonly views = new WeakMap<object, View>();
  /** The highest index committed anywhere: what a client may have seen acknowledged. */
  acknowledged = 0;

  /** After every step. @throws Violation */
  observe(members: readonly Observed[]): void {
    for (const m of members) {
      if (!m.node) continue;
      let view = this.views.get(m.node);
      if (!view) {
        view = { terms: [], committed: 0 };
        this.views.set(m.node, view);
      }
      const { log } = m.node;
      if (view.terms.length !== log.lastIndex + 1 || view.terms[log.lastIndex] !== log.termAt(log.lastIndex))
        this.observeLog(m.id, m.node, view);
      if (view.committed !== log.committed) this.observeCommit(m.id, m.node, view);
    }
    for (const m of members) if (m.node?.role === "leader") this.observeLeader(m.id, m.node);
  }

  /** A read must show everything that was acknowledged before it began. */
  read(id: NodeId, index: number, acknowledgedBefore: number): void {
    if (index < acknowledgedBefore) {
      throw new Violation(`stale read: member ${id} would read at ${index}, ${acknowledgedBefore} was acknowledged before`);
    }
  }

  /**
   * Log matching: an index and a term name one entry, and one entry before it, in
   * every log there ever was. By induction, logs that agree somewhere agree up to there.
   */
  private observeLog(id: NodeId, { log }: NonNullable<Observed["node"]>, view: View): void {
    for (let i = log.lastIndex; i > log.offset && view.terms[i] !== log.termAt(i); i--) {
      const entry = log.slice(i, 0)[0]!;
      const prevTerm = log.termAt(i - 1);
      view.terms[i] = entry.term;
      if (prevTerm !== undefined && prevTerm > entry.term) throw new Violation(`log matching: terms fall at ${i} in the log of ${id}`);
      const key = `${i}/${entry.term}`;
      const known = this.written.get(key);
      if (!known) this.written.set(key, { entry, prevTerm });
      else if (known.prevTerm !== prevTerm || !same(known.entry, entry)) {
        throw new Violation(`log matching: ${id} has another entry ${key}, or another one before it`);
      }
    }
    view.terms.length = log.lastIndex + 1;
  }

  /** State machine safety: no two members ever commit different entries at one index. */
  private observeCommit(id: NodeId, { log }: NonNullable<Observed["node"]>, view: View): void {
    for (let i = Math.max(view.committed, log.offset) + 1; i <= log.committed; i++) {
      const entry = log.slice(i, 0)[0]!;
      const known = this.history.get(i);
      if (!known) this.history.set(i, entry);
      else if (!same(known, entry)) throw new Violation(`state machine safety: member ${id} commits another entry at ${i}`);
    }
    view.committed = log.committed;
    this.acknowledged = Math.max(this.acknowledged, log.committed);
  }

  /** Election safety: one leader a term. Leader completeness: what is committed is in the log of every later leader. */
  private observeLeader(id: NodeId, { term, log }: NonNullable<Observed["node"]>): void {
    const known = this.leaders.get(term);
    if (known === id) return;
    if (known !== undefined) throw new Violation(`election safety: ${known} and ${id} both lead term ${term}`);
    this.leaders.set(term, id);
    for (const [index, entry] of this.history) {
      if (index > log.offset && log.termAt(index) !== entry.term) {
        throw new Violation(`leader completeness: ${id} leads term ${term} without the committed entry ${index}`);
      }
    }
  }
}

const same = (a: Entry, b: Entry) => a === b || (a.term === b.term && a.kind === b.kind && Buffer.compare(a.data, b.data) === 0);
