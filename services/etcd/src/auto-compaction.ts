import type { Clock, Timer } from "@flotilla/base";
import type { Replica } from "./node/replica.ts";
import type { EtcdConfig } from "./options.ts";
import { Writer } from "./wire/writer.ts";

const REVISION_CHECK_MS = 5 * 60_000;
const PERIODS = 10;

/**
 * Compacts by itself, on the leader. Periodic: samples the revision ten times
 * per retention and compacts to the sample that is one retention old. By
 * revision: every five minutes keeps the newest `revisions`.
 */
export function autoCompact(config: EtcdConfig["compaction"], replica: Replica, clock: Clock): Timer {
  if (!config) return { cancel() {} };
  const compact = (revision: number) => {
    if (!replica.isLeader || revision <= replica.machine.store.compacted) return;
    replica.propose("compact", new Writer().int(0x08, revision).finish(), undefined, () => {});
  };
  if (config.mode === "revision") {
    return clock.setInterval(() => compact(replica.machine.store.revision - config.revisions), REVISION_CHECK_MS);
  }
  const samples: number[] = [];
  return clock.setInterval(() => {
    samples.push(replica.machine.store.revision);
    if (samples.length > PERIODS) compact(samples.shift()!);
  }, config.retention_ms / PERIODS);
}
