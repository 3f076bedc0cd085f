import type { Core, LeaderRole } from "./core.ts";
import type { NodeId } from "./message.ts";
import type { Progress } from "./progress.ts";

/** AppendEntries, heartbeats and InstallSnapshot as a leader sends them (paper §5.3, §7; dissertation §10.2.1). */

export function broadcast(core: Core, role: LeaderRole): void {
  for (const [to, progress] of role.progress) if (to !== core.settings.id) sendAppend(core, to, progress, true);
}

/**
 * Sends what fits: several appends when the follower lags behind, one empty
 * append to carry the commit index when `evenEmpty`, nothing when flow control says no.
 */
export function sendAppend(core: Core, to: NodeId, progress: Progress, evenEmpty: boolean): void {
  const { log, settings } = core;
  let first = true;
  while (!progress.blocked(settings.flow)) {
    const prevIndex = progress.next - 1;
    const prevTerm = log.termAt(prevIndex);
    if (prevTerm === undefined) return sendSnapshot(core, to, progress);
    const entries = progress.next <= log.lastIndex ? log.slice(progress.next, settings.append_bytes_max) : [];
    if (entries.length === 0 && !(first && evenEmpty)) return;
    core.messages.push({
      type: "append",
      from: settings.id,
      to,
      term: core.term,
      prevIndex,
      prevTerm,
      commit: log.committed,
      entries,
    });
    if (entries.length === 0) return;
    progress.sent(entries[entries.length - 1]!.index, size(entries));
    first = false;
  }
}

/** The entries the follower needs are gone (paper §7). A silent follower is not worth a snapshot. */
function sendSnapshot(core: Core, to: NodeId, progress: Progress): void {
  if (!progress.recentlyActive) return;
  const { log } = core;
  const snapshot = { index: log.offset, term: log.offsetTerm, conf: core.conf };
  progress.waitForSnapshot(snapshot.index);
  core.messages.push({ type: "snapshot", from: core.settings.id, to, term: core.term, snapshot });
}

export function sendHeartbeats(core: Core, role: LeaderRole): void {
  // Every heartbeat renews the lease, so each is a round of its own.
  role.lease?.sending(++role.reads.round);
  for (const [to, progress] of role.progress) {
    if (to === core.settings.id) continue;
    // Never beyond what the follower is known to hold: it commits blindly.
    const commit = Math.min(progress.match, core.log.committed);
    core.messages.push({ type: "heartbeat", from: core.settings.id, to, term: core.term, commit, readRound: role.reads.round });
  }
}

function size(entries: readonly { data: Uint8Array }[]): number {
  let bytes = 0;
  for (const e of entries) bytes += e.data.length;
  return bytes;
}
