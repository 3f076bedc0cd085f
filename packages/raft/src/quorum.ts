import type { Conf, NodeId } from "./message.ts";

/**
 * Counting of majorities. While the configuration is joint, every decision
 * needs a majority of both the incoming and the outgoing voters (paper §6).
 */

export type Tally = "won" | "lost" | "pending";

/** The highest index that a majority of the voters have reached. */
export function committedIndex(conf: Conf, matchOf: (id: NodeId) => number): number {
  const incoming = majorityIndex(conf.voters, matchOf);
  return conf.outgoing.length === 0 ? incoming : Math.min(incoming, majorityIndex(conf.outgoing, matchOf));
}

/** Counts answers; a member that has not answered is undefined. */
export function tally(conf: Conf, voteOf: (id: NodeId) => boolean | undefined): Tally {
  const incoming = tallyOne(conf.voters, voteOf);
  if (conf.outgoing.length === 0) return incoming;
  const outgoing = tallyOne(conf.outgoing, voteOf);
  if (incoming === "lost" || outgoing === "lost") return "lost";
  return incoming === "won" && outgoing === "won" ? "won" : "pending";
}

export function isVoter(conf: Conf, id: NodeId): boolean {
  return conf.voters.includes(id) || conf.outgoing.includes(id);
}

/** Everyone who gets the log: voters of both configurations and learners. */
export function everyone(conf: Conf): NodeId[] {
  return [...new Set([...conf.voters, ...conf.outgoing, ...conf.learners, ...conf.learnersNext])].sort((a, b) => a - b);
}

function majorityIndex(voters: readonly NodeId[], matchOf: (id: NodeId) => number): number {
  // An empty half of a joint configuration agrees to everything.
  if (voters.length === 0) return Number.MAX_SAFE_INTEGER;
  const matches = voters.map(matchOf).sort((a, b) => b - a);
  return matches[voters.length >> 1]!;
}

function tallyOne(voters: readonly NodeId[], voteOf: (id: NodeId) => boolean | undefined): Tally {
  if (voters.length === 0) return "won";
  const needed = (voters.length >> 1) + 1;
  let yes = 0;
  let missing = 0;
  for (const id of voters) {
    const vote = voteOf(id);
    if (vote === undefined) missing++;
    else if (vote) yes++;
  }
  if (yes >= needed) return "won";
  return yes + missing >= needed ? "pending" : "lost";
}
