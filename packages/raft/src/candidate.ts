import { becomeFollower, type CandidateRole, type Core, resetElection, setTerm } from "./core.ts";
import { becomeLeader } from "./leader.ts";
import { type Message, NONE, type VoteReply } from "./message.ts";
import { everyone, isVoter, tally } from "./quorum.ts";

/** Starts an election: first the question whether it could be won, then the election itself. */
export function campaign(core: Core, kind: "pre-vote" | "vote", transfer: boolean): void {
  const { id } = core.settings;
  if (kind === "vote") {
    // Paper §5.2: raise the term, vote for oneself, ask all others.
    setTerm(core, core.term + 1);
    core.vote = id;
  }
  const role: CandidateRole = { kind: kind === "vote" ? "candidate" : "pre-candidate", votes: new Map() };
  core.role = role;
  core.leader = NONE;
  core.leaderSuspected = false;
  resetElection(core);
  const term = kind === "vote" ? core.term : core.term + 1;
  for (const to of everyone(core.conf)) {
    if (!isVoter(core.conf, to) || to === id) continue;
    const { lastIndex, lastTerm } = core.log;
    core.messages.push({ type: kind, from: id, to, term, lastIndex, lastTerm, transfer });
  }
  // The own vote counts like any other: only after it is durable.
  core.afterPersist.push({ type: kind === "vote" ? "vote-reply" : "pre-vote-reply", from: id, to: id, term, granted: true });
}

export function stepCandidate(core: Core, role: CandidateRole, m: Message): void {
  switch (m.type) {
    case "vote-reply":
      if (role.kind === "candidate") countVote(core, role, m);
      return;
    case "pre-vote-reply":
      if (role.kind === "pre-candidate") countVote(core, role, m);
      return;
    default:
      return;
  }
}

function countVote(core: Core, role: CandidateRole, m: VoteReply): void {
  // A duplicate changes nothing: one answer per member, the first one.
  if (!role.votes.has(m.from)) role.votes.set(m.from, m.granted);
  switch (tally(core.conf, (id) => role.votes.get(id))) {
    case "won":
      if (role.kind === "pre-candidate") campaign(core, "vote", false);
      else becomeLeader(core);
      return;
    case "lost":
      becomeFollower(core, core.term, NONE);
      return;
    case "pending":
      return;
  }
}
