/**
 * Quantities ("100m", "1Gi", "1e3"): exact arithmetic on nano units, canonical form as upstream's
 * apimachinery/pkg/api/resource (Quantity): no precision is lost, the suffix is the largest that leaves an integer.
 */

import { setMember } from "./json-equal.ts";

export type QuantityFormat = "DecimalSI" | "BinarySI" | "DecimalExponent";

export interface Quantity {
  /** The value times 10^9; smaller parts are rounded away from zero on parsing. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}

export const QUANTITY_ERRORS = {
  format: "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  numeric: "unable to parse numeric part of quantity",
  suffix: "unable to parse quantity's suffix",
} as const;

/** The text is no quantity; the message is upstream's. */
export class QuantityError extends Error {
  override name = "QuantityError";
}

const NANO = 1_000_000_000n;
/** Largest magnitude: 2^63-1; bigger values are capped, as upstream does. */
const LIMIT = (2n ** 63n - 1n) * NANO;
const SHAPE = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*)([-+]?[0-9]*)$/;

/** Suffix → power of ten. */
const DECIMAL: Record<string, number> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
/** Suffix → power of two. */
const BINARY: Record<string, number> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const DECIMAL_SUFFIX = new Map(Object.entries(DECIMAL).map(([suffix, power]) => [power, suffix]));
const BINARY_SUFFIXES = ["", ...Object.keys(BINARY)];

export function parseQuantity(text: string): Quantity {
  const match = SHAPE.exec(text);
  if (!match || text === "") throw new QuantityError(QUANTITY_ERRORS.format);
  const [, sign, whole = "", fraction = "", letters = "", digits = ""] = match;
  if (whole === "" && fraction === "") throw new QuantityError(QUANTITY_ERRORS.numeric);
  const scale = scaleOf(letters, digits);
  const mantissa = BigInt(whole + fraction);
  let nanos = scaled(mantissa, scale, fraction.length);
  if (nanos > LIMIT) nanos = LIMIT;
  return { nanos: sign === "-" ? -nanos : nanos, format: scale.format };
}

interface Scale {
  format: QuantityFormat;
  ten: number;
  two: number;
}

function scaleOf(letters: string, digits: string): Scale {
  if (digits === "") {
    const ten = DECIMAL[letters];
    if (ten !== undefined) return { format: "DecimalSI", ten, two: 0 };
    const two = BINARY[letters];
    if (two !== undefined) return { format: "BinarySI", ten: 0, two };
  } else if ((letters === "e" || letters === "E") && /[0-9]/.test(digits)) {
    const ten = Number(digits);
    // A huge exponent would build a huge BigInt: beyond these bounds the result is 0 or the cap anyway.
    return { format: "DecimalExponent", ten: Math.max(-10_000, Math.min(10_000, ten)), two: 0 };
  }
  throw new QuantityError(QUANTITY_ERRORS.suffix);
}

function scaled(mantissa: bigint, scale: Scale, fractionDigits: number): bigint {
  const ten = scale.ten + 9 - fractionDigits;
  const base = mantissa << BigInt(scale.two);
  if (ten >= 0) return base * 10n ** BigInt(ten);
  const divisor = 10n ** BigInt(-ten);
  return (base + divisor - 1n) / divisor; // round up: nobody gets less than asked
}

/** Canonical text: formatQuantity(parseQuantity("1000m")) is "1". */
export function formatQuantity(quantity: Quantity): string {
  const { nanos } = quantity;
  if (nanos === 0n) return "0";
  const negative = nanos < 0n;
  const magnitude = negative ? -nanos : nanos;
  const text =
    quantity.format === "BinarySI" && magnitude % NANO === 0n && magnitude >= 1024n * NANO
      ? binaryText(magnitude / NANO)
      : decimalText(magnitude, quantity.format === "DecimalExponent");
  return negative ? `-${text}` : text;
}

function binaryText(value: bigint): string {
  let index = 0;
  while (index < BINARY_SUFFIXES.length - 1 && value % 1024n === 0n) {
    value /= 1024n;
    index++;
  }
  return `${value}${BINARY_SUFFIXES[index]}`;
}

function decimalText(nanos: bigint, exponential: boolean): string {
  let power = -9;
  while (nanos % 1000n === 0n && (exponential || power < 18)) {
    nanos /= 1000n;
    power += 3;
  }
  if (!exponential) return `${nanos}${DECIMAL_SUFFIX.get(power)}`;
  return power === 0 ? `${nanos}` : `${nanos}e${power}`;
}

/** parseQuantity and formatQuantity in one, with a quick way for the usual small integers and millis. */
export function canonicalQuantity(text: string): string {
  if (/^[1-9][0-9]{0,2}(m|Ki|Mi|Gi|k|M|G)?$/.test(text)) return text;
  return formatQuantity(parseQuantity(text));
}

/** -1, 0 or 1. */
export function compareQuantity(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
}

/** The format is that of `a`, unless a is zero (as upstream). */
export function addQuantity(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos + b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

export function subtractQuantity(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos - b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

export const ZERO_QUANTITY: Quantity = { nanos: 0n, format: "DecimalSI" };

/** Whole units, rounded up ("100m" is 1): bytes of memory, number of pods. undefined and "" are 0. */
export function quantityValue(text: string | undefined): number {
  return text ? Number(divideUp(parseQuantity(text).nanos, NANO)) : 0;
}

/** Thousandths, rounded up: millicores. undefined and "" are 0. */
export function quantityMilliValue(text: string | undefined): number {
  return text ? Number(divideUp(parseQuantity(text).nanos, 1_000_000n)) : 0;
}

function divideUp(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value > 0n && value % by !== 0n ? quotient + 1n : quotient;
}

/** A resource list such as {cpu: "1", memory: "1Gi"}. */
export type ResourceList = Record<string, string>;

export function addResourceLists(a: ResourceList, b: ResourceList): ResourceList {
  const sum = { ...a };
  for (const [name, text] of Object.entries(b)) {
    const present = Object.hasOwn(sum, name) ? sum[name] : undefined;
    setMember(sum, name, present === undefined ? text : formatQuantity(addQuantity(parseQuantity(present), parseQuantity(text))));
  }
  return sum;
}

/** The larger of both, resource by resource. */
export function maxResourceLists(a: ResourceList, b: ResourceList): ResourceList {
  const max = { ...a };
  for (const [name, text] of Object.entries(b)) {
    const present = Object.hasOwn(max, name) ? max[name] : undefined;
    if (present === undefined || compareQuantity(parseQuantity(text), parseQuantity(present)) > 0) setMember(max, name, text);
  }
  return max;
}
