import { isDeepStrictEqual } from "node:util";
import type { Entry, NodeId } from "../message.ts";
import type { SimMember } from "./member.ts";

/** A property of figure 3 of the paper, or of dissertation §6.4, does not hold. */
export class Violation extends Error {
  override name = "Violation";
}

/** Watches a cluster from outside; sees everything, changes nothing. */
export class Checker {
  /** Who led each term. */
  private readonly leaders = new Map<number, NodeId>();
  /** What has been applied at each index, by whoever came first. */
  private readonly history = new Map<number, Entry>();
  /** The highest index applied anywhere: what a client may have seen acknowledged. */
  acknowledged = 0;

  /** After every step. */
  observe(members: readonly SimMember[]): void {
    for (const m of members) {
      if (m.node?.role === "leader") this.observeLeader(m);
    }
  }

  /** State machine safety: no two members apply different entries at one index. */
  applied(member: SimMember, entry: Entry): void {
    const known = this.history.get(entry.index);
    if (!known) this.history.set(entry.index, entry);
    else if (known.term !== entry.term || !isDeepStrictEqual([...known.data], [...entry.data])) {
      throw new Violation(`state machine safety: member ${member.id} applies another entry at ${entry.index}`);
    }
    this.acknowledged = Math.max(this.acknowledged, entry.index);
  }

  /** A read must show everything that was acknowledged before it began. */
  read(member: SimMember, index: number, acknowledgedBefore: number): void {
    if (index < acknowledgedBefore) {
      throw new Violation(`stale read: member ${member.id} would read at ${index}, ${acknowledgedBefore} was acknowledged before`);
    }
  }

  /** Log matching: equal term at an index means equal logs up to there. */
  logsMatch(members: readonly SimMember[]): void {
    const up = members.filter((m) => m.node);
    for (const [i, a] of up.entries()) for (const b of up.slice(i + 1)) matchTwo(a, b);
  }

  private observeLeader(m: SimMember): void {
    const node = m.node!;
    const known = this.leaders.get(node.term);
    if (known === m.id) return;
    if (known !== undefined) throw new Violation(`election safety: ${known} and ${m.id} both lead term ${node.term}`);
    this.leaders.set(node.term, m.id);
    // Leader completeness: what is committed is in the log of every later leader.
    for (const [index, entry] of this.history) {
      if (index <= node.log.offset) continue;
      if (node.log.termAt(index) !== entry.term) {
        throw new Violation(`leader completeness: ${m.id} leads term ${node.term} without the committed entry ${index}`);
      }
    }
  }
}

function matchTwo(a: SimMember, b: SimMember): void {
  const from = Math.max(a.node!.log.offset, b.node!.log.offset) + 1;
  const to = Math.min(a.node!.log.lastIndex, b.node!.log.lastIndex);
  let agreed = false;
  for (let i = to; i >= from; i--) {
    const same = a.node!.log.termAt(i) === b.node!.log.termAt(i);
    if (agreed && !same) throw new Violation(`log matching: ${a.id} and ${b.id} agree behind ${i} but not there`);
    agreed ||= same;
  }
}
