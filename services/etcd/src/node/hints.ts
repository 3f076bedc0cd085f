import { type Random, randomInt } from "@flotilla/base";
import type { Conf, NodeId } from "@flotilla/raft";

/**
 * When to ask for an election before the time-out says so. Two things are known
 * earlier than any time-out can tell: that the leader's process has ended (its
 * connection broke and its port refuses a new one), and that after a start
 * enough members are connected. Each hint only leads to a pre-vote, which
 * members that hear their leader refuse; so a wrong hint disturbs nobody, and
 * the time-out itself can stay long enough for a busy machine.
 */

const STEP_MS = 30;
const SPREAD_MS = 8;

/** Members take turns by rank, so that usually one asks alone. */
export function campaignDelay_ms(self: NodeId, conf: Conf, gone: NodeId, random: Random): number {
  const rank = conf.voters.filter((id) => id !== gone).indexOf(self);
  return Math.max(0, rank) * STEP_MS + randomInt(random, SPREAD_MS);
}

/** Are enough voters connected to win? */
export function quorumConnected(self: NodeId, conf: Conf, isUp: (id: NodeId) => boolean): boolean {
  const reaches = (voters: readonly NodeId[]) =>
    voters.length === 0 || voters.filter((id) => id === self || isUp(id)).length * 2 > voters.length;
  return reaches(conf.voters) && reaches(conf.outgoing);
}
