/**
 * What members say to each other and what they keep. Message names are the
 * paper's: AppendEntries, RequestVote, InstallSnapshot; heartbeats travel apart
 * from appends so that they are never held back by flow control.
 */

/** A member's id: a positive integer below 2^53. 0 means "none". */
export type NodeId = number;
export const NONE: NodeId = 0;

export interface Entry {
  readonly index: number;
  readonly term: number;
  /** `conf` entries carry a membership change; an empty `normal` entry is a new leader's no-op (dissertation §6.4). */
  readonly kind: "normal" | "conf";
  readonly data: Uint8Array;
}

/** What a client hands in; the leader gives it index and term. */
export interface Proposal {
  readonly kind: "normal" | "conf";
  readonly data: Uint8Array;
}

/** Must be durable before any answer that depends on it (paper, figure 2: persistent state). `commit` is a hint. */
export interface HardState {
  readonly term: number;
  readonly vote: NodeId;
  readonly commit: number;
}

/** The membership: joint while `outgoing` is not empty (paper §6). */
export interface Conf {
  readonly voters: readonly NodeId[];
  readonly outgoing: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /** Voters of the outgoing configuration that become learners when the joint phase ends. */
  readonly learnersNext: readonly NodeId[];
}

/** What a snapshot stands for: all entries up to `index`, and the membership there (paper §7). */
export interface SnapshotMeta {
  readonly index: number;
  readonly term: number;
  readonly conf: Conf;
}

interface Envelope {
  readonly from: NodeId;
  readonly to: NodeId;
  /** The sender's term, except for pre-votes, where it is the term the sender would campaign for. */
  readonly term: number;
}

export interface VoteRequest extends Envelope {
  readonly type: "vote" | "pre-vote";
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** The old leader asked for this election: the leader's lease does not stand against it (dissertation §3.10). */
  readonly transfer: boolean;
}

export interface VoteReply extends Envelope {
  readonly type: "vote-reply" | "pre-vote-reply";
  readonly granted: boolean;
}

export interface Append extends Envelope {
  readonly type: "append";
  readonly prevIndex: number;
  readonly prevTerm: number;
  readonly commit: number;
  readonly entries: readonly Entry[];
}

export interface AppendReply extends Envelope {
  readonly type: "append-reply";
  /** The last matching index, or the refused `prevIndex`. */
  readonly index: number;
  readonly rejected: boolean;
  /** On refusal: the last index where the logs may still agree, and its term here. */
  readonly hintIndex: number;
  readonly hintTerm: number;
}

export interface Heartbeat extends Envelope {
  readonly type: "heartbeat";
  readonly commit: number;
  /** The leader's newest read round (dissertation §6.4), echoed by the follower. */
  readonly readRound: number;
}

export interface HeartbeatReply extends Envelope {
  readonly type: "heartbeat-reply";
  readonly readRound: number;
}

/**
 * InstallSnapshot. The leader emits it without `data`; whoever carries messages
 * attaches a state that reaches at least as far, and puts into `snapshot` what
 * that state stands for: its index and term, and the membership there.
 */
export interface InstallSnapshot extends Envelope {
  readonly type: "snapshot";
  readonly snapshot: SnapshotMeta;
  readonly data?: Uint8Array;
}

export interface TimeoutNow extends Envelope {
  readonly type: "timeout-now";
}

export interface ReadRequest extends Envelope {
  readonly type: "read";
  readonly id: number;
}

export interface ReadReply extends Envelope {
  readonly type: "read-reply";
  readonly id: number;
  readonly index: number;
}

/** Proposals a follower passes on. Only a leader of exactly this term takes them. */
export interface Propose extends Envelope {
  readonly type: "propose";
  /** No two of a sender are the same: a repetition is known by it. */
  readonly id: number;
  readonly proposals: readonly Proposal[];
}

export type Message =
  | VoteRequest
  | VoteReply
  | Append
  | AppendReply
  | Heartbeat
  | HeartbeatReply
  | InstallSnapshot
  | TimeoutNow
  | ReadRequest
  | ReadReply
  | Propose;
