/** Kubernetes' regex library: what a pattern finds. */
import { type Library, method } from "../functions.ts";
import { findAll } from "../regex.ts";
import { ArrayList } from "../values.ts";

export const REGEX: Library = [
  method("find", "string, string -> string", ([text, pattern], evaluation) => findAll(text, pattern, 1, evaluation)[0] ?? ""),
  method(
    "findAll",
    "string, string -> list<string>",
    ([text, pattern], evaluation) => new ArrayList(findAll(text, pattern, Infinity, evaluation)),
  ),
  method(
    "findAll",
    "string, string, int -> list<string>",
    ([text, pattern, count], evaluation) => new ArrayList(findAll(text, pattern, count < 0n ? Infinity : Number(count), evaluation)),
  ),
];
