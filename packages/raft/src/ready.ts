import type { Entry, HardState, Message, NodeId, SnapshotMeta } from "./message.ts";
import type { ReadState } from "./read-index.ts";

/**
 * What a node wants done. The caller does it in this order:
 *
 *  1. send `messages` at once; their promises are already durable or need not be;
 *  2. make `snapshot`, `hardState` and `entries` durable, in the order of the
 *     Readys; entries replace whatever the log had from the first one's index on;
 *  3. when they are durable, send `afterPersist` and call `persisted(token)`.
 *     Several Readys may be waiting for the disk, and one sync may cover them all;
 *  4. install `snapshot`, then apply `committed`, at any time and in this order;
 *     they are already on this member's disk;
 *  5. serve `reads` whose index is applied.
 */
export interface Ready {
  readonly token: number;
  readonly snapshot: SnapshotMeta | undefined;
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  /** Whether step 2 needs a sync: a new commit index alone does not. */
  readonly mustSync: boolean;
  readonly messages: readonly Message[];
  readonly afterPersist: readonly Message[];
  readonly committed: readonly Entry[];
  readonly reads: readonly ReadState[];
}

export interface Status {
  readonly id: NodeId;
  readonly role: "follower" | "pre-candidate" | "candidate" | "leader";
  readonly term: number;
  readonly vote: NodeId;
  readonly leader: NodeId;
  readonly committed: number;
  readonly applied: number;
  readonly lastIndex: number;
}
