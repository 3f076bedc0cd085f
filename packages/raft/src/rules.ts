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
}

export interface LogEnd {
  readonly lastIndex: number;
  readonly lastTerm: number;
}

export const RULES: Rules = {
  mayVote: (votedFor, candidate) => votedFor === 0 || votedFor === candidate,
  isUpToDate: (candidate, own) =>
    candidate.lastTerm > own.lastTerm || (candidate.lastTerm === own.lastTerm && candidate.lastIndex >= own.lastIndex),
  mayCommit: (entryTerm, currentTerm) => entryTerm === currentTerm,
  mayServeReads: (committedTerm, currentTerm) => committedTerm === currentTerm,
};
