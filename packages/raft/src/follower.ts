import { becomeFollower, type Core } from "./core.ts";
import type { Append, Heartbeat, InstallSnapshot, Message, SnapshotMeta } from "./message.ts";

/** What a member does that neither leads nor campaigns (paper §5.2, §5.3, §7). */
export function stepFollower(core: Core, m: Message): void {
  switch (m.type) {
    case "append":
      followLeader(core, m.from);
      handleAppend(core, m);
      return;
    case "heartbeat":
      followLeader(core, m.from);
      handleHeartbeat(core, m);
      return;
    case "snapshot":
      followLeader(core, m.from);
      handleSnapshot(core, m);
      return;
    case "read-reply":
      core.reads.push({ id: m.id, index: m.index });
      return;
    default:
      return;
  }
}

/** Every message of the leader of this term keeps it leading. */
export function followLeader(core: Core, leader: number): void {
  if (core.role.kind !== "follower" || core.leader !== leader) becomeFollower(core, core.term, leader);
  core.elapsed_ticks = 0;
  core.leaderSuspected = false;
}

function handleAppend(core: Core, m: Append): void {
  const { log } = core;
  const reply = { type: "append-reply", from: core.settings.id, to: m.from, term: core.term } as const;
  const last = log.tryAppend(m.prevIndex, m.prevTerm, m.entries, m.commit);
  if (last !== undefined) {
    // What we already have committed agrees with the leader: say so, it saves probing.
    const index = m.prevIndex < log.committed ? Math.max(last, log.committed) : last;
    core.afterPersist.push({ ...reply, index, rejected: false, hintIndex: 0, hintTerm: 0 });
    return;
  }
  // Skip a whole conflicting term at a time (paper §5.3, last paragraphs).
  const hintIndex = log.lastNotAbove(Math.min(m.prevIndex, log.lastIndex), m.prevTerm);
  const hintTerm = log.termAt(hintIndex) ?? 0;
  core.afterPersist.push({ ...reply, index: m.prevIndex, rejected: true, hintIndex, hintTerm });
}

function handleHeartbeat(core: Core, m: Heartbeat): void {
  // The leader sends no commit index beyond what it knows to match our log.
  core.log.commitTo(m.commit);
  core.messages.push({ type: "heartbeat-reply", from: core.settings.id, to: m.from, term: core.term, readRound: m.readRound });
}

function handleSnapshot(core: Core, m: InstallSnapshot): void {
  const reply = { type: "append-reply", from: core.settings.id, to: m.from, term: core.term } as const;
  installs(core, m.snapshot);
  core.afterPersist.push({ ...reply, index: core.log.committed, rejected: false, hintIndex: 0, hintTerm: 0 });
}

/** Takes the snapshot unless the log already reaches as far (paper, figure 13, rule 6). */
function installs(core: Core, snapshot: SnapshotMeta): boolean {
  const { log } = core;
  if (snapshot.index <= log.committed) return false;
  if (log.termAt(snapshot.index) === snapshot.term) {
    log.commitTo(snapshot.index);
    return false;
  }
  log.restore(snapshot);
  core.conf = snapshot.conf;
  return true;
}
