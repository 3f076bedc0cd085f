import type { Random } from "@flotilla/base";
import type { Entry, HardState, NodeId, SnapshotMeta } from "./message.ts";
import type { Rules } from "./rules.ts";

export interface NodeOptions {
  id: NodeId;
  random: Random;
  /** Where this member starts: a snapshot, at least the one that bootstraps a cluster with its first membership. */
  snapshot: SnapshotMeta;
  hardState?: HardState;
  entries?: readonly Entry[];
  election_ticks?: number; // 10
  heartbeat_ticks?: number; // 1
  append_bytes_max?: number; // 1 MiB
  inflightMessages_max?: number; // 256
  inflight_bytes_max?: number; // 16 MiB
  applyPerReady_max?: number; // 4096
  /** Below 2^20, and another one at each start of this member; drawn at random when left out. */
  boot?: number;
  rules?: Partial<Rules>;
  /** Reads by lease (dissertation §6.4.1), on all members or on none; see `read-lease.ts` for what that rests on. */
  leaseReads?: boolean; // false
}
