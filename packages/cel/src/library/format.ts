/** "%s has %d".format([…]) of cel-go's strings extension: s, d, f, e, b, o, x, X and %%. */
import { EvaluationError } from "../errors.ts";
import { formatDuration, formatTimestamp } from "../time.ts";
import { Duration, ListValue, MapValue, Timestamp, TypeValue, typeNameOf, Uint, type Value } from "../values.ts";

const CLAUSE = /%(?:%|(?:\.(\d+))?([a-zA-Z]))|%/g;
const PRECISION_MAX = 100;

export function format(text: string, args: ListValue): string {
  let next = 0;
  return text.replace(CLAUSE, (whole, precision: string | undefined, verb: string | undefined) => {
    if (whole === "%%") return "%";
    if (verb === undefined) throw new EvaluationError("could not parse formatting clause: unexpected end of string");
    const write = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (!write) throw new EvaluationError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
    if (next >= args.size) throw new EvaluationError(`index ${next} out of range`);
    const digits = precision === undefined ? undefined : Math.min(Number(precision), PRECISION_MAX);
    return write(args.at(next++), digits);
  });
}

const wrong = (verb: string, value: Value, wanted: string): EvaluationError =>
  new EvaluationError(`error during formatting: ${verb} clause can only be used on ${wanted}, was given ${typeNameOf(value)}`);

const VERBS: Record<string, (value: Value, precision: number | undefined) => string> = {
  s: (value) => textOf(value),
  d(value) {
    if (typeof value === "bigint") return String(value);
    if (value instanceof Uint) return String(value.value);
    if (typeof value === "number" && !Number.isFinite(value)) return special(value);
    throw wrong("decimal", value, "integers");
  },
  f: (value, precision = 6) => fixed(value, (number) => toFixedEven(number, precision)),
  e: (value, precision = 6) => fixed(value, (number) => number.toExponential(precision).replace(/e([+-])(\d)$/, "e$10$2")),
  b: (value) => (typeof value === "boolean" ? (value ? "1" : "0") : based("binary", value, 2)),
  o: (value) => based("octal", value, 8),
  x: (value) => hex(value),
  X: (value) => hex(value).toUpperCase(),
};

function fixed(value: Value, write: (number: number) => string): string {
  const number =
    typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : value instanceof Uint ? Number(value.value) : undefined;
  if (number === undefined) throw wrong("fixed-point", value, "doubles");
  return Number.isFinite(number) ? write(number) : special(number);
}

/** Halves go to the even neighbour, as in Go; JavaScript rounds them up. */
function toFixedEven(number: number, precision: number): string {
  const scaled = number * 10 ** precision;
  const whole = Math.trunc(scaled);
  const tie = Math.abs(scaled - whole) === 0.5 && scaled / 10 ** precision === number;
  return (tie && whole % 2 === 0 ? whole / 10 ** precision : number).toFixed(precision);
}

const special = (value: number): string => (Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");

function based(name: string, value: Value, base: number): string {
  if (typeof value === "bigint") return value.toString(base);
  if (value instanceof Uint) return value.value.toString(base);
  throw wrong(name, value, name === "binary" ? "integers and bools" : "integers");
}

function hex(value: Value): string {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  if (bytes instanceof Uint8Array) return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return based("hex", value, 16);
}

/** %s of anything: lists and maps by their elements, maps sorted by key. */
function textOf(value: Value): string {
  if (value === null) return "null";
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : special(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof TypeValue) return value.type;
  if (value instanceof ListValue) return `[${Array.from(value, textOf).join(", ")}]`;
  if (value instanceof MapValue) {
    const entries = Array.from(value.keys(), (key) => [textOf(key), textOf(value.get(key)!)] as const);
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, text]) => `${key}: ${text}`)
      .join(", ")}}`;
  }
  throw wrong("string", value, "strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps");
}
