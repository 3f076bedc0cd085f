/** optional.of and friends; the macros optMap and optFlatMap are the compiler's. */
import { equal } from "../equal.ts";
import { EvaluationError } from "../errors.ts";
import type { Evaluation } from "../evaluation.ts";
import { fn, type Library, method } from "../functions.ts";
import { ArrayList, Duration, ListValue, MapValue, Optional, Timestamp, type Value } from "../values.ts";

function isZero(value: Value, evaluation: Evaluation): boolean {
  if (value === null || value === false || value === "") return true;
  if (value instanceof ListValue || value instanceof MapValue) return value.size === 0;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Duration) return value.nanos === 0n;
  if (value instanceof Timestamp) return false;
  return equal(value, 0n, evaluation);
}

export const OPTIONALS: Library = [
  fn("optional.of", "A -> optional<A>", ([value]) => new Optional(value)),
  fn("optional.none", "-> optional<A>", () => Optional.none),
  fn("optional.ofNonZeroValue", "A -> optional<A>", ([value], evaluation) =>
    isZero(value, evaluation) ? Optional.none : new Optional(value),
  ),
  fn("optional.unwrap", "list<optional<A>> -> list<A>", ([list]) => unwrapped(list)),
  method("unwrapOpt", "list<optional<A>> -> list<A>", ([list]) => unwrapped(list)),
  method("hasValue", "optional<A> -> bool", ([{ value }]) => value !== undefined),
  method("value", "optional<A> -> A", ([{ value }]) => {
    if (value === undefined) throw new EvaluationError("optional.none() dereference");
    return value;
  }),
  method("or", "optional<A>, optional<A> -> optional<A>", ([first, second]) => (first.value === undefined ? second : first)),
  method("orValue", "optional<A>, A -> A", ([{ value }, otherwise]) => (value === undefined ? otherwise : value)),
];

function unwrapped(list: ListValue): ListValue {
  return new ArrayList([...list].flatMap((item) => (item instanceof Optional && item.value !== undefined ? [item.value] : [])));
}
