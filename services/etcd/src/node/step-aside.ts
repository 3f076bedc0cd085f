import type { NodeId, RawNode } from "@flotilla/raft";

/**
 * When a leader should give its leadership away: its own disk does not get on,
 * while a majority of the others has written what waits here. They commit
 * without it, and their clients are answered; but a leader takes in whatever
 * comes, and its unwritten log grows, where a slow follower is held back by the
 * flow control of its leader. A majority of slow disks is no reason to go:
 * nobody would be better.
 */
export class StallWatch {
  private readonly stall_ms: number;
  private persisted = 0;
  private since_ms = 0;

  /** @param stall_ms how long the disk may stand still */
  constructor(stall_ms: number) {
    this.stall_ms = stall_ms;
  }

  /** Looked at now and then. True when it is time to go; then not again before another `stall_ms`. */
  look(now_ms: number, { role, log }: Pick<RawNode, "role" | "log">): boolean {
    const waits = role === "leader" && log.committed > log.persisted;
    if (!waits || log.persisted !== this.persisted) {
      this.persisted = log.persisted;
      this.since_ms = now_ms;
      return false;
    }
    if (now_ms - this.since_ms < this.stall_ms) return false;
    this.since_ms = now_ms;
    return true;
  }
}

/** The voter that is furthest and was heard of lately; undefined when there is none, or this member does not lead. */
export function successor({ progress, conf, leader }: Pick<RawNode, "progress" | "conf" | "leader">): NodeId | undefined {
  const fit = [...(progress ?? [])].filter(([id, p]) => id !== leader && p.recentlyActive && conf.voters.includes(id));
  return fit.sort(([, a], [, b]) => b.match - a.match)[0]?.[0];
}
