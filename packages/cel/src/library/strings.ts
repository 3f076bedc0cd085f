/** Strings: the standard ones and cel-go's strings extension, positions counted in code points. */
import { EvaluationError } from "../errors.ts";
import { fn, type Library, method } from "../functions.ts";
import { matches } from "../regex.ts";
import { ArrayList, type ListValue } from "../values.ts";
import { format } from "./format.ts";

const runes = (text: string): string[] => [...text];

function position(at: bigint, length: number): number {
  if (at < 0n || at > BigInt(length)) throw new EvaluationError(`index out of range: ${at}`);
  return Number(at);
}

/** Code points up to this UTF-16 offset. */
const runesBefore = (text: string, unit: number): bigint => (unit < 0 ? -1n : BigInt(runes(text.slice(0, unit)).length));
const unitsBefore = (text: string, rune: bigint): number => {
  const all = runes(text);
  return all.slice(0, position(rune, all.length)).join("").length;
};

const ASCII_UPPER = (text: string): string => text.replace(/[a-z]+/g, (part) => part.toUpperCase());
const ASCII_LOWER = (text: string): string => text.replace(/[A-Z]+/g, (part) => part.toLowerCase());
/** Go's unicode.IsSpace. */
const TRIM =
  /^[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/gu;

function replace(text: string, old: string, by: string, count: bigint): string {
  if (count < 0n) return text.replaceAll(old, () => by);
  let left = count;
  return text.replaceAll(old, (found) => (left-- > 0n ? by : found));
}

function split(text: string, separator: string, count: bigint): ListValue {
  if (count === 0n) return new ArrayList([]);
  const parts = separator === "" ? runes(text) : text.split(separator);
  if (count < 0n || BigInt(parts.length) <= count) return new ArrayList(parts);
  const kept = parts.slice(0, Number(count) - 1);
  return new ArrayList([...kept, parts.slice(Number(count) - 1).join(separator)]);
}

function join(list: ListValue, separator: string): string {
  return Array.from(list, (item) => {
    if (typeof item !== "string") throw new EvaluationError("no such overload");
    return item;
  }).join(separator);
}

const QUOTED: Record<string, string> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};

const plain: Library = [
  method("contains", "string, string -> bool", ([text, part], evaluation) => {
    evaluation.chargeText(text.length);
    return text.includes(part);
  }),
  method("startsWith", "string, string -> bool", ([text, part]) => text.startsWith(part)),
  method("endsWith", "string, string -> bool", ([text, part]) => text.endsWith(part)),
  method("matches", "string, string -> bool", ([text, pattern], evaluation) => matches(text, pattern, evaluation)),
  fn("matches", "string, string -> bool", ([text, pattern], evaluation) => matches(text, pattern, evaluation)),
];

/** Those below walk the whole text: all pay for its length. */
const extension: Library = [
  method("charAt", "string, int -> string", ([text, at]) => runes(text)[position(at, runes(text).length)] ?? ""),
  method("indexOf", "string, string -> int", ([text, part]) => runesBefore(text, text.indexOf(part))),
  method("indexOf", "string, string, int -> int", ([text, part, from]) => runesBefore(text, text.indexOf(part, unitsBefore(text, from)))),
  method("lastIndexOf", "string, string -> int", ([text, part]) => runesBefore(text, text.lastIndexOf(part))),
  method("lastIndexOf", "string, string, int -> int", ([text, part, from]) =>
    runesBefore(text, text.lastIndexOf(part, unitsBefore(text, from))),
  ),
  method("lowerAscii", "string -> string", ([text]) => ASCII_LOWER(text)),
  method("upperAscii", "string -> string", ([text]) => ASCII_UPPER(text)),
  method("trim", "string -> string", ([text]) => text.replace(TRIM, "")),
  method("reverse", "string -> string", ([text]) => runes(text).reverse().join("")),
  method("replace", "string, string, string -> string", ([text, old, by]) => replace(text, old, by, -1n)),
  method("replace", "string, string, string, int -> string", ([text, old, by, count]) => replace(text, old, by, count)),
  method("split", "string, string -> list<string>", ([text, separator]) => split(text, separator, -1n)),
  method("split", "string, string, int -> list<string>", ([text, separator, count]) => split(text, separator, count)),
  method("substring", "string, int -> string", ([text, from]) => text.slice(unitsBefore(text, from))),
  method("substring", "string, int, int -> string", ([text, from, to]) => {
    if (from > to) throw new EvaluationError(`invalid substring range. start: ${from}, end: ${to}`);
    return text.slice(unitsBefore(text, from), unitsBefore(text, to));
  }),
  fn("strings.quote", "string -> string", ([text]) => `"${text.replace(/[\x07\b\f\n\r\t\v\\"]/g, (char: string) => QUOTED[char]!)}"`),
];

const lists: Library = [
  method("join", "list<string> -> string", ([list]) => join(list, "")),
  method("join", "list<string>, string -> string", ([list, separator]) => join(list, separator)),
];

export const STRINGS: Library = [
  ...plain,
  ...extension.map((overload) => ({
    ...overload,
    run(args: unknown[], evaluation: Parameters<typeof overload.run>[1]) {
      const { length } = args[0] as string;
      evaluation.chargeText(length);
      const result = overload.run(args, evaluation);
      // Text that grows is written, too.
      if (typeof result === "string" && result.length > length) evaluation.chargeText(result.length - length);
      return result;
    },
  })),
  ...lists.map((overload) => ({
    ...overload,
    run(args: unknown[], evaluation: Parameters<typeof overload.run>[1]) {
      evaluation.charge((args[0] as ListValue).size);
      const result = overload.run(args, evaluation);
      evaluation.chargeText((result as string).length);
      return result;
    },
  })),
  method("format", "string, list<dyn> -> string", ([text, list], evaluation) => {
    const result = format(text, list);
    evaluation.chargeText(result.length);
    return result;
  }),
];
