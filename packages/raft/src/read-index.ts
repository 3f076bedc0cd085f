import type { NodeId } from "./message.ts";

/** A read that may be served once everything up to `index` is applied. */
export interface ReadState {
  readonly id: number;
  readonly index: number;
}

export interface PendingRead {
  readonly id: number;
  /** Who asked: the leader's own client, or a follower. */
  readonly from: NodeId;
  readonly index: number;
  readonly round: number;
}

/**
 * Linearizable reads without log entries (dissertation §6.4). Each read notes
 * the commit index and waits until a majority has confirmed, by answering a
 * heartbeat of the read's round or a later one, that this leader still leads.
 * Rounds are numbers, so one answer confirms every earlier read as well.
 */
export class ReadQueue {
  round = 0;
  /** Reads since the last heartbeat: the next round must go out. */
  due = false;
  private readonly waiting: PendingRead[] = [];
  /** Reads that came before this leader's first commit (step 1 of §6.4). */
  private early: { id: number; from: NodeId }[] = [];

  hold(id: number, from: NodeId): void {
    this.early.push({ id, from });
  }

  takeHeld(): { id: number; from: NodeId }[] {
    const held = this.early;
    this.early = [];
    return held;
  }

  add(id: number, from: NodeId, commit: number): void {
    if (!this.due) {
      this.due = true;
      this.round++;
    }
    this.waiting.push({ id, from, index: commit, round: this.round });
  }

  /** The reads that are confirmed now that a quorum has answered `round`. */
  confirm(round: number): PendingRead[] {
    let done = 0;
    while (done < this.waiting.length && this.waiting[done]!.round <= round) done++;
    return this.waiting.splice(0, done);
  }
}
