/** Kubernetes' list library: isSorted, sum, min, max, indexOf, lastIndexOf; cel-go's slice, flatten, distinct, sort. */
import { compare, equal, isNumeric } from "../equal.ts";
import { EvaluationError } from "../errors.ts";
import type { Evaluation } from "../evaluation.ts";
import { type Library, method, type Overload } from "../functions.ts";
import { ArrayList, Duration, ListValue, Uint, type Value } from "../values.ts";
import { contains, int, uint } from "./operators.ts";

const SUMMABLE: Record<string, Value> = { int: 0n, uint: new Uint(0n), double: 0, duration: new Duration(0n) };
const COMPARABLE = ["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"];

function add(a: Value, b: Value): Value {
  if (typeof a === "bigint" && typeof b === "bigint") return int(a + b);
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (a instanceof Uint && b instanceof Uint) return uint(a.value + b.value);
  if (a instanceof Duration && b instanceof Duration) return new Duration(a.nanos + b.nanos);
  throw new EvaluationError("no such overload");
}

/** Sums run over what the list holds; an empty list of unknown type sums up to int 0. */
function sum(list: ListValue, zero: Value): Value {
  let total: Value | undefined;
  for (const item of list) total = total === undefined ? item : add(total, item);
  if (total === undefined) return zero;
  return isNumeric(total) || total instanceof Duration ? total : add(total, zero);
}

function order(a: Value, b: Value): number {
  const result = compare(a, b);
  if (result === undefined) throw new EvaluationError("no such overload");
  return result;
}

function extreme(list: ListValue, name: string, better: (order: number) => boolean): Value {
  let best: Value | undefined;
  for (const item of list) if (best === undefined || better(order(item, best))) best = item;
  if (best === undefined) throw new EvaluationError(`${name} called on empty list`);
  return best;
}

function isSorted(list: ListValue): boolean {
  for (let index = 1; index < list.size; index++) if (order(list.at(index - 1), list.at(index)) > 0) return false;
  return true;
}

function flatten(list: ListValue, depth: bigint): Value[] {
  if (depth < 0n) throw new EvaluationError("level must be non-negative");
  return [...list].flatMap((item) => (item instanceof ListValue && depth > 0n ? flatten(item, depth - 1n) : [item]));
}

function distinct(list: ListValue, evaluation: Evaluation): Value[] {
  const kept: Value[] = [];
  for (const item of list) if (!contains(new ArrayList(kept), item, evaluation)) kept.push(item);
  return kept;
}

function sorted(list: ListValue): ListValue {
  return new ArrayList([...list].sort(order));
}

const all: Library = [
  ...Object.entries(SUMMABLE).map(([type, zero]): Overload => method("sum", `list<${type}> -> ${type}`, ([list]) => sum(list, zero))),
  ...COMPARABLE.flatMap((type): Overload[] => [
    method("min", `list<${type}> -> ${type}`, ([list]) => extreme(list, "min", (result) => result < 0)),
    method("max", `list<${type}> -> ${type}`, ([list]) => extreme(list, "max", (result) => result > 0)),
    method("isSorted", `list<${type}> -> bool`, ([list]) => isSorted(list)),
    method("sort", `list<${type}> -> list<${type}>`, ([list]) => sorted(list)),
  ]),
  method("indexOf", "list<A>, A -> int", ([list, value], evaluation) =>
    BigInt([...list].findIndex((item) => equal(item, value, evaluation))),
  ),
  method("lastIndexOf", "list<A>, A -> int", ([list, value], evaluation) =>
    BigInt([...list].findLastIndex((item) => equal(item, value, evaluation))),
  ),
  method("slice", "list<A>, int, int -> list<A>", ([list, from, to]) => {
    if (from < 0n || from > to || to > BigInt(list.size))
      throw new EvaluationError(`cannot slice(${from}, ${to}), list is length ${list.size}`);
    return new ArrayList([...list].slice(Number(from), Number(to)));
  }),
  method("flatten", "list<dyn> -> list<dyn>", ([list]) => new ArrayList(flatten(list, 1n))),
  method("flatten", "list<dyn>, int -> list<dyn>", ([list, depth]) => new ArrayList(flatten(list, depth))),
  method("distinct", "list<A> -> list<A>", ([list], evaluation) => new ArrayList(distinct(list, evaluation))),
  method("reverse", "list<A> -> list<A>", ([list]) => new ArrayList([...list].reverse())),
];

/** Every one of them walks its list. */
export const LISTS: Library = all.map((overload) => ({
  ...overload,
  run(args: unknown[], evaluation: Evaluation) {
    evaluation.charge((args[0] as ListValue).size);
    return overload.run(args, evaluation);
  },
}));
