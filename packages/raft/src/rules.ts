import type { NodeId } from "./message.ts";

/**
 * The decisions that Raft's safety rests on, each by itself and under its name.
 * A node takes them as a value so that the tests can hand in a broken one and
 * see that the checker finds it; everyone else uses `RULES`.
 */
export interface Rules {
  /** May this vote be cast? One vote per term, first come first served (paper §5.2). */
  mayVote(votedFor: NodeId, candidate: NodeId): boolean;
  /** Is the candidate's log at least as new as ours? Last term first, then length (paper §5.4.1). */
  isUpToDate(candidate: LogEnd, own: LogEnd): boolean;
  /** May a leader count replicas to commit this entry? Only entries of its own term; older ones follow (paper §5.4.2). */
  mayCommit(entryTerm: number, currentTerm: number): boolean;
  /** May a leader serve reads at its commit index? Once it has committed in its own term (dissertation §6.4, step 1). */
  mayServeReads(committedTerm: number | undefined, currentTerm: number): boolean;
  /** How long may a leader read alone from the heartbeat on that a majority has answered? (dissertation §6.4.1) */
  leaseTicks(election_ticks: number): number;
}

export interface LogEnd {
  readonly lastIndex: number;
  readonly lastTerm: number;
}

/** What clocks may run apart during a lease. */
const CLOCK_DRIFT = 0.1;

export const RULES: Rules = {
  mayVote: (votedFor, candidate) => votedFor === 0 || votedFor === candidate,
  isUpToDate: (candidate, own) =>
    candidate.lastTerm > own.lastTerm || (candidate.lastTerm === own.lastTerm && candidate.lastIndex >= own.lastIndex),
  mayCommit: (entryTerm, currentTerm) => entryTerm === currentTerm,
  mayServeReads: (committedTerm, currentTerm) => committedTerm === currentTerm,
  // A tick less: both ends count whole ticks, of which the first may be short.
  leaseTicks: (election_ticks) => Math.floor(election_ticks * (1 - CLOCK_DRIFT)) - 1,
};
