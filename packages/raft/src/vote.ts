import { becomeFollower, type Core, inLease } from "./core.ts";
import { NONE, type VoteRequest } from "./message.ts";

/** RequestVote and its pre-vote, as any member answers them (paper §5.2, §5.4.1; dissertation §9.6, §4.2.3). */
export function answerVote(core: Core, m: VoteRequest): void {
  const { id, rules } = core.settings;
  if (core.quiet_ticks > 0) return;
  if (m.term > core.term && inLease(core) && !m.transfer) return;
  const replyType = m.type === "vote" ? "vote-reply" : "pre-vote-reply";
  if (m.term < core.term) {
    // The sender learns the newer term from the refusal.
    core.afterPersist.push({ type: replyType, from: id, to: m.from, term: core.term, granted: false });
    return;
  }
  if (m.type === "vote" && m.term > core.term) becomeFollower(core, m.term, NONE);
  // A pre-vote promises nothing, so it may be given to several; only for a term to come.
  const free = m.type === "pre-vote" ? m.term > core.term : rules.mayVote(core.vote, m.from) && core.leader === NONE;
  const granted = free && rules.isUpToDate(m, core.log);
  if (granted && m.type === "vote") {
    core.vote = m.from;
    core.elapsed_ticks = 0;
  }
  // A granted pre-vote answers in the term asked about, every refusal in the own one.
  core.afterPersist.push({ type: replyType, from: id, to: m.from, term: granted ? m.term : core.term, granted });
}
