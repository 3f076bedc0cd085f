import { assert } from "@flotilla/base";
import type { Conf, NodeId } from "./message.ts";

/** One step of a membership change (paper §6, dissertation §4). */
export interface ConfStep {
  readonly op: "add-voter" | "add-learner" | "remove";
  readonly id: NodeId;
}

/**
 * A membership change as a log entry carries it. One step is applied at once
 * (dissertation §4.1: neighbouring majorities overlap); several enter a joint
 * configuration, which a change with no steps leaves again.
 */
export interface ConfChange {
  readonly steps: readonly ConfStep[];
}

export class ConfChangeError extends Error {
  override name = "ConfChangeError";
}

export const isJoint = (conf: Conf) => conf.outgoing.length > 0;

/** The configuration after `change`. @throws ConfChangeError when it makes no sense. */
export function applyChange(conf: Conf, change: ConfChange): Conf {
  if (change.steps.length === 0) return leaveJoint(conf);
  if (isJoint(conf)) throw new ConfChangeError("a joint configuration must be left before the next change");
  const joint = change.steps.length > 1;
  let next: Conf = joint ? { ...conf, outgoing: conf.voters } : conf;
  for (const step of change.steps) next = applyStep(next, step);
  if (next.voters.length === 0) throw new ConfChangeError("the last voter cannot be removed");
  assert(joint || distance(conf.voters, next.voters) <= 1, "one step changes at most one voter");
  return next;
}

function applyStep(conf: Conf, { op, id }: ConfStep): Conf {
  const voters = without(conf.voters, id);
  const learners = without(conf.learners, id);
  const learnersNext = without(conf.learnersNext, id);
  switch (op) {
    case "add-voter":
      return { ...conf, voters: sorted([...voters, id]), learners, learnersNext };
    case "add-learner":
      // A voter of the outgoing majority keeps voting until the joint phase ends.
      if (conf.outgoing.includes(id)) return { ...conf, voters, learners, learnersNext: sorted([...learnersNext, id]) };
      return { ...conf, voters, learners: sorted([...learners, id]), learnersNext };
    case "remove":
      return { ...conf, voters, learners, learnersNext };
  }
}

function leaveJoint(conf: Conf): Conf {
  if (!isJoint(conf)) throw new ConfChangeError("the configuration is not joint");
  return { voters: conf.voters, outgoing: [], learners: sorted([...conf.learners, ...conf.learnersNext]), learnersNext: [] };
}

const without = (ids: readonly NodeId[], id: NodeId) => ids.filter((other) => other !== id);
const sorted = (ids: readonly NodeId[]) => [...ids].sort((a, b) => a - b);
const distance = (a: readonly NodeId[], b: readonly NodeId[]) =>
  a.filter((id) => !b.includes(id)).length + b.filter((id) => !a.includes(id)).length;
