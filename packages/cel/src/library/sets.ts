/** sets.contains, sets.equivalent, sets.intersects: lists taken as sets. */

import type { Evaluation } from "../evaluation.ts";
import { fn, type Library } from "../functions.ts";
import type { ListValue } from "../values.ts";
import { contains } from "./operators.ts";

const holdsAll = (list: ListValue, other: ListValue, evaluation: Evaluation): boolean => {
  for (const item of other) if (!contains(list, item, evaluation)) return false;
  return true;
};

export const SETS: Library = [
  fn("sets.contains", "list<A>, list<A> -> bool", ([list, other], evaluation) => holdsAll(list, other, evaluation)),
  fn(
    "sets.equivalent",
    "list<A>, list<A> -> bool",
    ([list, other], evaluation) => holdsAll(list, other, evaluation) && holdsAll(other, list, evaluation),
  ),
  fn("sets.intersects", "list<A>, list<A> -> bool", ([list, other], evaluation) => {
    for (const item of list) if (contains(other, item, evaluation)) return true;
    return false;
  }),
];
