/** JSON values of scalar types: check and canonical form, with the messages of Go's decoders. */
import { formatMicroTime, formatTime } from "../duration.ts";
import { canonicalQuantity, QuantityError } from "../quantity.ts";
import type { Scalar } from "./schema.ts";

/** The value cannot be of this type; the message is the Go decoder's. */
export class ScalarError extends Error {}

/** Of this JSON type where another was wanted; the caller knows the field. */
export const MISMATCH = Symbol("mismatch");

const CHECKS: Record<Scalar, (value: unknown) => unknown> = {
  string: (value) => (typeof value === "string" ? value : MISMATCH),
  bool: (value) => (typeof value === "boolean" ? value : MISMATCH),
  int32: (value) => (Number.isInteger(value) && value === ((value as number) | 0) ? value : MISMATCH),
  int64: (value) => (Number.isInteger(value) ? value : MISMATCH),
  float64: (value) => (typeof value === "number" ? value : MISMATCH),
  bytes: checkBytes,
  quantity: checkQuantity,
  intstr: (value) => (typeof value === "string" || (Number.isInteger(value) && value === ((value as number) | 0)) ? value : MISMATCH),
  time: (value) => checkTime(value, CANONICAL_TIME, formatTime, "2006-01-02T15:04:05Z07:00"),
  microtime: (value) => checkTime(value, CANONICAL_MICRO, microText, "2006-01-02T15:04:05.000000Z07:00"),
  duration: checkDuration,
  raw: (value) => value,
  json: (value) => value,
  fields: (value) => (typeof value === "object" ? value : MISMATCH),
  // A schema's own fields are conform's to check.
  schemaOrArray: (value) => (typeof value === "object" ? value : MISMATCH),
  schemaOrBool: (value) => (typeof value === "boolean" || (typeof value === "object" && !Array.isArray(value)) ? value : MISMATCH),
  schemaOrStrings: (value) => (typeof value === "object" ? value : MISMATCH),
};

export function checkScalar(scalar: Scalar, value: unknown): unknown {
  return CHECKS[scalar](value);
}

function checkQuantity(value: unknown): unknown {
  if (typeof value !== "string" && typeof value !== "number") return MISMATCH;
  try {
    return canonicalQuantity(String(value).trim());
  } catch (error) {
    if (error instanceof QuantityError) throw new ScalarError(error.message);
    throw error;
  }
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function checkBytes(value: unknown): unknown {
  if (typeof value !== "string") return MISMATCH;
  const text = /[\r\n]/.test(value) ? value.replace(/[\r\n]/g, "") : value;
  if (text.length % 4 === 0 && BASE64.test(text)) return text;
  const bad = text.search(/[^A-Za-z0-9+/]/);
  throw new ScalarError(`illegal base64 data at input byte ${bad >= 0 ? bad : text.length - (text.length % 4)}`);
}

const CANONICAL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const CANONICAL_MICRO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function checkTime(value: unknown, canonical: RegExp, format: (ms: number, text: string) => string, layout: string): unknown {
  if (typeof value !== "string") return MISMATCH;
  const time_ms = Date.parse(value);
  if (Number.isNaN(time_ms) || !RFC3339.test(value)) {
    const quoted = JSON.stringify(value);
    throw new ScalarError(`parsing time ${quoted} as ${JSON.stringify(layout)}: cannot parse ${quoted} as "2006"`);
  }
  return canonical.test(value) ? value : format(time_ms, value);
}

/** Date.parse keeps milliseconds only: the further digits are taken from the text. */
function microText(time_ms: number, text: string): string {
  const digits = /\.(\d+)/.exec(text)?.[1]?.padEnd(6, "0") ?? "000000";
  return formatMicroTime(Math.floor(time_ms) + Number(digits.slice(3, 6)) / 1000);
}

const DURATION = /^[+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))*$/;

function checkDuration(value: unknown): unknown {
  if (typeof value !== "string") return MISMATCH;
  if (value !== "0" && !DURATION.test(value)) throw new ScalarError(`time: invalid duration ${JSON.stringify(value)}`);
  return value;
}
