/** Conversions: int(), string(), timestamp(), type(), dyn() … */
import { EvaluationError } from "../errors.ts";
import { fn, type Library } from "../functions.ts";
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp } from "../time.ts";
import { Duration, Timestamp, TypeValue, typeNameOf, type Value } from "../values.ts";
import { int, uint } from "./operators.ts";

const ENCODER = new TextEncoder();
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const BOOLS: Record<string, boolean> = Object.fromEntries([
  ...["1", "t", "T", "TRUE", "true", "True"].map((text) => [text, true]),
  ...["0", "f", "F", "FALSE", "false", "False"].map((text) => [text, false]),
]);
const SECOND = 1_000_000_000n;

function whole(value: number): bigint {
  if (!Number.isFinite(value)) throw new EvaluationError("integer overflow");
  return BigInt(Math.trunc(value));
}

/** Doubles at the very edge of int64 count as out of range, as in cel-go. */
function wholeInt(value: number): bigint {
  if (value <= -(2 ** 63) || value >= 2 ** 63) throw new EvaluationError("integer overflow");
  return int(whole(value));
}

function parsedInt(text: string, pattern: RegExp, type: string): bigint {
  if (!pattern.test(text)) throw new EvaluationError(`type conversion error from 'string' to '${type}'`);
  return BigInt(text.replace(/^\+/, ""));
}

function doubleOf(text: string): number {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text);
  const named = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (!named) throw new EvaluationError("type conversion error from 'string' to 'double'");
  return /nan/i.test(named[2]!) ? Number.NaN : named[1] === "-" ? -Infinity : Infinity;
}

/** Go's strconv 'g' with the shortest digits. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (Object.is(value, -0)) return "-0";
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e21)) {
    const [digits, exponent] = value.toExponential().split("e") as [string, string];
    return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
  }
  return String(value);
}

function textOfBytes(bytes: Uint8Array): string {
  try {
    return STRICT_UTF8.decode(bytes);
  } catch {
    throw new EvaluationError("invalid UTF-8 in bytes, cannot convert to string");
  }
}

export const CONVERSIONS: Library = [
  fn("int", "int -> int", ([value]) => value),
  fn("int", "uint -> int", ([value]) => int(value.value)),
  fn("int", "double -> int", ([value]) => wholeInt(value)),
  fn("int", "string -> int", ([text]) => int(parsedInt(text, /^[+-]?\d+$/, "int"))),
  fn("int", "timestamp -> int", ([time]) => (time.nanos - (((time.nanos % SECOND) + SECOND) % SECOND)) / SECOND),
  fn("int", "duration -> int", ([duration]) => duration.nanos),
  fn("uint", "uint -> uint", ([value]) => value),
  fn("uint", "int -> uint", ([value]) => uint(value)),
  fn("uint", "double -> uint", ([value]) => uint(value >= 2 ** 64 || value < 0 ? -1n : whole(value))),
  fn("uint", "string -> uint", ([text]) => uint(parsedInt(text, /^\+?\d+$/, "uint"))),
  fn("double", "double -> double", ([value]) => value),
  fn("double", "int -> double", ([value]) => Number(value)),
  fn("double", "uint -> double", ([value]) => Number(value.value)),
  fn("double", "string -> double", ([text]) => doubleOf(text)),
  fn("bool", "bool -> bool", ([value]) => value),
  fn("bool", "string -> bool", ([text]) => {
    if (!Object.hasOwn(BOOLS, text)) throw new EvaluationError("type conversion error from 'string' to 'bool'");
    return BOOLS[text]!;
  }),
  fn("bytes", "bytes -> bytes", ([value]) => value),
  fn("bytes", "string -> bytes", ([text]) => ENCODER.encode(text)),
  fn("string", "string -> string", ([text]) => text),
  fn("string", "int -> string", ([value]) => String(value)),
  fn("string", "uint -> string", ([value]) => String(value.value)),
  fn("string", "double -> string", ([value]) => doubleText(value)),
  fn("string", "bool -> string", ([value]) => String(value)),
  fn("string", "bytes -> string", ([bytes]) => textOfBytes(bytes)),
  fn("string", "timestamp -> string", ([time]) => formatTimestamp(time)),
  fn("string", "duration -> string", ([duration]) => formatDuration(duration)),
  fn("timestamp", "timestamp -> timestamp", ([time]) => time),
  fn("timestamp", "string -> timestamp", ([text]) => parseTimestamp(text)),
  fn("timestamp", "int -> timestamp", ([seconds]) => new Timestamp(seconds * SECOND)),
  fn("duration", "duration -> duration", ([duration]) => duration),
  fn("duration", "string -> duration", ([text]) => parseDuration(text)),
  fn("duration", "int -> duration", ([nanos]) => new Duration(nanos)),
  fn("dyn", "A -> dyn", ([value]) => value),
  fn("type", "A -> type", ([value]) => new TypeValue(typeNameOf(value as Value))),
];
