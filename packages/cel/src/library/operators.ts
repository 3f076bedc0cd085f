/** Arithmetic, order, membership and size (CEL language definition, "List of Standard Definitions"). */
import { compare, equal } from "../equal.ts";
import { EvaluationError } from "../errors.ts";
import type { Evaluation } from "../evaluation.ts";
import { fn, type Library, method, type Overload } from "../functions.ts";
import { ArrayList, ConstantList, Duration, type ListValue, type MapValue, Timestamp, Uint, type Value } from "../values.ts";

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
const UINT_MAX = 2n ** 64n - 1n;

export function int(value: bigint): bigint {
  if (value < INT_MIN || value > INT_MAX) throw new EvaluationError("integer overflow");
  return value;
}

export function uint(value: bigint): Uint {
  if (value < 0n || value > UINT_MAX) throw new EvaluationError("unsigned integer overflow");
  return new Uint(value);
}

type Arithmetic = "+" | "-" | "*" | "/" | "%";

const BIGINT: Record<Arithmetic, (a: bigint, b: bigint) => bigint> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => {
    if (b === 0n) throw new EvaluationError("division by zero");
    return a / b;
  },
  "%": (a, b) => {
    if (b === 0n) throw new EvaluationError("modulus by zero");
    return a % b;
  },
};
const DOUBLE: Record<Exclude<Arithmetic, "%">, (a: number, b: number) => number> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
};

const numbers: Overload[] = [
  ...Object.entries(BIGINT).flatMap(([sign, run]) => [
    fn(`_${sign}_`, "int, int -> int", ([a, b]) => int(run(a, b))),
    fn(`_${sign}_`, "uint, uint -> uint", ([a, b]) => uint(run(a.value, b.value))),
  ]),
  ...Object.entries(DOUBLE).map(([sign, run]) => fn(`_${sign}_`, "double, double -> double", ([a, b]) => run(a, b))),
  fn("-_", "int -> int", ([a]) => int(-(a as bigint))),
  fn("-_", "double -> double", ([a]) => -a),
  fn("!_", "bool -> bool", ([a]) => !a),
];

const joins: Overload[] = [
  fn("_+_", "string, string -> string", ([a, b], evaluation) => {
    evaluation.chargeText(a.length + b.length);
    return a + b;
  }),
  fn("_+_", "bytes, bytes -> bytes", ([a, b], evaluation) => {
    evaluation.chargeText(a.length + b.length);
    return Uint8Array.from([...a, ...b]);
  }),
  fn("_+_", "list<A>, list<A> -> list<A>", ([a, b], evaluation) => {
    evaluation.charge(1 + Math.ceil((a.size + b.size) / 10));
    return new ArrayList([...a, ...b]);
  }),
];

/** Signatures of instants and spans, by operator; all are sums or differences of nanoseconds. */
const TIME_SUMS: [name: string, left: string, right: string, result: "timestamp" | "duration"][] = [
  ["_+_", "timestamp", "duration", "timestamp"],
  ["_+_", "duration", "timestamp", "timestamp"],
  ["_+_", "duration", "duration", "duration"],
  ["_-_", "timestamp", "timestamp", "duration"],
  ["_-_", "timestamp", "duration", "timestamp"],
  ["_-_", "duration", "duration", "duration"],
];

const times: Overload[] = [
  ...TIME_SUMS.map(([name, left, right, result]) =>
    fn(name, `${left}, ${right} -> ${result}`, ([a, b]: { nanos: bigint }[]) => {
      const nanos = name === "_+_" ? a!.nanos + b!.nanos : a!.nanos - b!.nanos;
      return result === "timestamp" ? new Timestamp(nanos) : new Duration(nanos);
    }),
  ),
  fn("-_", "duration -> duration", ([a]: Duration[]) => new Duration(-a!.nanos)),
];

const ORDERS: Record<string, (order: number) => boolean> = {
  "_<_": (order) => order < 0,
  "_<=_": (order) => order <= 0,
  "_>_": (order) => order > 0,
  "_>=_": (order) => order >= 0,
};
const NUMERIC = ["int", "uint", "double"];
const ORDERED = ["bool", "string", "bytes", "timestamp", "duration"];
/** Numbers compare across their types. */
const PAIRS = [...NUMERIC.flatMap((a) => NUMERIC.map((b) => `${a}, ${b}`)), ...ORDERED.map((type) => `${type}, ${type}`)];

const orders: Overload[] = Object.entries(ORDERS).flatMap(([name, holds]) =>
  PAIRS.map((pair) =>
    fn(name, `${pair} -> bool`, ([a, b], evaluation) => {
      if (typeof a === "string") evaluation.chargeText(Math.min(a.length, b.length));
      return holds(compare(a, b)!);
    }),
  ),
);

/** Whether a list holds an equal value. */
export function contains(list: ListValue, value: Value, evaluation: Evaluation): boolean {
  if (list instanceof ConstantList && typeof value === "string") {
    evaluation.chargeText(value.length);
    return list.hasText(value);
  }
  for (const item of list) if (equal(item, value, evaluation)) return true;
  return false;
}

const sizes = [
  ["string", ([text]: [string]) => BigInt([...text].length)],
  ["bytes", ([bytes]: [Uint8Array]) => BigInt(bytes.length)],
  ["list<A>", ([list]: [ListValue]) => BigInt(list.size)],
  ["map<A, B>", ([map]: [MapValue]) => BigInt(map.size)],
] as const;

export const OPERATORS: Library = [
  ...numbers,
  ...joins,
  ...times,
  ...orders,
  fn("@in", "A, list<A> -> bool", ([value, list], evaluation) => contains(list, value, evaluation)),
  fn("@in", "A, map<A, B> -> bool", ([key, map]) => map.get(key) !== undefined),
  ...sizes.flatMap(([type, run]) => [
    fn("size", `${type} -> int`, run as Overload["run"]),
    method("size", `${type} -> int`, run as Overload["run"]),
  ]),
];
