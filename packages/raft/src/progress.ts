import { assert } from "@flotilla/base";

/** How a leader sends to one follower. */
export type Sending =
  /** One append at a time, until the logs are known to agree somewhere. */
  | { kind: "probe"; waiting: boolean }
  /** Optimistic pipelining (dissertation §10.2.1): `next` runs ahead of the answers. */
  | { kind: "replicate"; inflight: Inflight[]; inflight_bytes: number }
  /** The follower needs entries that are gone; nothing is sent until its snapshot at `index` arrived or failed. */
  | { kind: "snapshot"; index: number };

interface Inflight {
  last: number;
  bytes: number;
}

export interface FlowLimits {
  inflightMessages_max: number;
  inflight_bytes_max: number;
}

/**
 * A leader's view of one follower. Owned by the leader, rebuilt at each election.
 * Invariant: 0 <= match < next.
 */
export class Progress {
  match = 0;
  next: number;
  sending: Sending = { kind: "probe", waiting: false };
  /** Heard from since the last quorum check. */
  recentlyActive = false;
  /** The newest read round this member has confirmed. */
  readRound = 0;

  constructor(next: number) {
    this.next = next;
  }

  /** Is there no room to send? */
  blocked(limits: FlowLimits): boolean {
    switch (this.sending.kind) {
      case "probe":
        return this.sending.waiting;
      case "replicate":
        return this.sending.inflight.length >= limits.inflightMessages_max || this.sending.inflight_bytes >= limits.inflight_bytes_max;
      case "snapshot":
        return true;
    }
  }

  /** Accounts for an append up to `last`. */
  sent(last: number, bytes: number): void {
    if (this.sending.kind === "replicate") {
      if (last < this.next) return;
      this.next = last + 1;
      this.sending.inflight.push({ last, bytes });
      this.sending.inflight_bytes += bytes;
    } else if (this.sending.kind === "probe") {
      this.sending.waiting = true;
    }
  }

  /** The follower's log agrees up to `index`. Returns whether that is news. */
  acknowledged(index: number): boolean {
    if (this.sending.kind === "replicate") {
      const { inflight } = this.sending;
      let done = 0;
      while (done < inflight.length && inflight[done]!.last <= index) {
        this.sending.inflight_bytes -= inflight[done]!.bytes;
        done++;
      }
      if (done > 0) inflight.splice(0, done);
    }
    this.next = Math.max(this.next, index + 1);
    if (index <= this.match) {
      if (this.sending.kind === "probe") this.sending.waiting = false;
      return false;
    }
    this.match = index;
    if (this.sending.kind === "probe") this.replicate();
    else if (this.sending.kind === "snapshot" && this.match >= this.sending.index) this.replicate();
    this.check();
    return true;
  }

  /**
   * The follower is alive, so what was sent may have been lost: make room for
   * one more append, whose refusal will tell.
   */
  alive(): void {
    if (this.sending.kind === "probe") this.sending.waiting = false;
    if (this.sending.kind !== "replicate") return;
    const first = this.sending.inflight.shift();
    if (first) this.sending.inflight_bytes -= first.bytes;
  }

  /** The follower refused `refused`; it may agree up to `hint`. Returns false when the answer is stale. */
  refused(refused: number, hint: number): boolean {
    if (this.sending.kind === "replicate") {
      if (refused <= this.match) return false;
      this.next = this.match + 1;
      this.probe();
      return true;
    }
    if (this.sending.kind === "snapshot" || this.next - 1 !== refused) return false;
    this.next = Math.max(this.match + 1, Math.min(refused, hint + 1));
    this.sending = { kind: "probe", waiting: false };
    return true;
  }

  probe(): void {
    if (this.sending.kind === "snapshot") this.next = Math.max(this.match + 1, this.sending.index + 1);
    else this.next = this.match + 1;
    this.sending = { kind: "probe", waiting: false };
    this.check();
  }

  waitForSnapshot(index: number): void {
    this.sending = { kind: "snapshot", index };
  }

  /** A snapshot could not be delivered: start again from what is known to match. */
  snapshotFailed(): void {
    this.sending = { kind: "probe", waiting: false };
    this.next = this.match + 1;
  }

  private replicate(): void {
    this.sending = { kind: "replicate", inflight: [], inflight_bytes: 0 };
    this.next = this.match + 1;
  }

  private check(): void {
    assert(this.match >= 0 && this.match < this.next, `progress: match ${this.match}, next ${this.next}`);
  }
}
