/** Equality and order of values, across numeric types (CEL language definition, "Equality"). */
import type { Evaluation } from "./evaluation.ts";
import { JsonList } from "./json.ts";
import { Duration, ListValue, MapValue, Opaque, Optional, Timestamp, TypeValue, Uint, type Value } from "./values.ts";

export function equal(a: Value, b: Value, evaluation: Evaluation): boolean {
  if (typeof a === "string" && typeof b === "string") {
    evaluation.chargeText(Math.max(Math.min(a.length, b.length), 1));
    return a === b;
  }
  evaluation.charge(1);
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b) === 0;
  if (a === b) return true;
  if (a instanceof ListValue && b instanceof ListValue) return equalLists(a, b, evaluation);
  if (a instanceof MapValue && b instanceof MapValue) return equalMaps(a, b, evaluation);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return a.length === b.length && a.every((byte, index) => byte === b[index]);
  if (a instanceof Timestamp && b instanceof Timestamp) return a.nanos === b.nanos;
  if (a instanceof Duration && b instanceof Duration) return a.nanos === b.nanos;
  if (a instanceof TypeValue && b instanceof TypeValue) return a.type === b.type;
  if (a instanceof Opaque && b instanceof Opaque) return a.equals(b);
  if (a instanceof Optional && b instanceof Optional) {
    if (a.value === undefined || b.value === undefined) return a.value === b.value;
    return equal(a.value, b.value, evaluation);
  }
  return false;
}

function equalLists(a: ListValue, b: ListValue, evaluation: Evaluation): boolean {
  if (a.size !== b.size) return false;
  if (a instanceof JsonList && b instanceof JsonList && a.unordered && b.unordered) {
    return [...a].every((item) => [...b].some((other) => equal(item, other, evaluation)));
  }
  for (let index = 0; index < a.size; index++) if (!equal(a.at(index), b.at(index), evaluation)) return false;
  return true;
}

function equalMaps(a: MapValue, b: MapValue, evaluation: Evaluation): boolean {
  if (a.size !== b.size) return false;
  for (const key of a.keys()) {
    const [mine, other] = [a.get(key), b.get(key)];
    if (mine === undefined || other === undefined ? mine !== other : !equal(mine, other, evaluation)) return false;
  }
  return true;
}

export type Numeric = bigint | number | Uint;

export const isNumeric = (value: Value): value is Numeric =>
  typeof value === "bigint" || typeof value === "number" || value instanceof Uint;

/** -1, 0, 1; NaN where one is NaN. */
export function compareNumbers(a: Numeric, b: Numeric): number {
  const [left, right] = [a instanceof Uint ? a.value : a, b instanceof Uint ? b.value : b];
  // An int is compared with a double as a double, as cel-go does: beyond 2^53 that is lossy.
  const doubles = typeof left === "number" || typeof right === "number";
  const [x, y] = doubles ? [Number(left), Number(right)] : [left, right];
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Order of two values of one type; undefined where there is none. */
export function compare(a: Value, b: Value): number | undefined {
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b);
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if ((a instanceof Timestamp && b instanceof Timestamp) || (a instanceof Duration && b instanceof Duration)) {
    return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    for (let index = 0; index < Math.min(a.length, b.length); index++) if (a[index] !== b[index]) return a[index]! - b[index]!;
    return a.length - b.length;
  }
  return undefined;
}

/** By code points, as UTF-8 sorts; JavaScript's own order differs beyond the basic plane. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [x, y] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xe000;
