/** The functions whose cost is not simply one, by name. */
import { typeText } from "../types.ts";
import { type CallEstimator, compareCost, elementOf, patternCost, textCost } from "./calls.ts";
import type { Estimate } from "./estimate.ts";
import { addSizes, MAX, multiplySizes, ONE, plus, type Size, scaled, TRAVERSAL, times, upTo } from "./size.ts";

/** An authorization check walks roles and bindings: two of them are all that one expression may do. */
const CHECK_COST = 350_000;
/** An address in bytes: 4 or 16. */
const ADDRESS_MAX = 16;
/** The longest pattern behind a named format. */
const FORMAT_PATTERN_MAX = 128;

const first = (args: readonly Estimate[]): string => typeText(args[0]!.type);
const isText = (name: string): boolean => name === "string" || name === "bytes";

/** Reads its first argument from end to end. */
const reads: CallEstimator = ([text]) => ({ cost: textCost(text!) });
/** … and yields something as long. */
const rewrites: CallEstimator = ([text]) => ({ cost: textCost(text!), size: text!.size });
const matches: CallEstimator = ([text, pattern]) => ({ cost: patternCost(text!, pattern!) });
const finds: CallEstimator = ([text, pattern]) => ({ cost: patternCost(text!, pattern!), size: upTo(text!.size.max) });
const compares: CallEstimator = (args, { parameters }) => ({
  cost: parameters.every((type) => isText(typeText(type))) ? compareCost(args[0]!, args[1]!) : 1,
});

/** One look at each item; strings and bytes are compared, which reads them. */
const walks: CallEstimator = ([list]) => {
  const { type, max } = elementOf(list!);
  if (!type) return { cost: textCost(list!) }; // indexOf of strings
  const each = isText(typeText(type)) ? plus(1, scaled(max ?? MAX, TRAVERSAL)) : 1;
  return { cost: times(list!.size.max, each) };
};
const walksAndCopies: CallEstimator = (args, overload) => ({ ...walks(args, overload), size: args[0]!.size });

/** Sets are lists: each item of one is sought in the other. */
const crosses =
  (factor: number): CallEstimator =>
  ([a, b]) => ({ cost: plus(scaled(times(a!.size.max, b!.size.max), factor), 1) });

const adds: CallEstimator = ([a, b], { result }) => {
  const size = addSizes(a!.size, b!.size);
  if (result.kind === "list") return { cost: 1, size };
  return isText(typeText(result)) ? { cost: scaled(size.max, TRAVERSAL), size } : { cost: 1 };
};

const replaces: CallEstimator = ([text, old, by]) => ({
  cost: textCost(text!, 2 * TRAVERSAL),
  size: replaced(text!.size, old!.size, by!.size),
});

/** The longest and the shortest that can come out: as many replacements as fit, each as long or short as can be. */
function replaced(text: Size, old: Size, by: Size): Size {
  // Replacing the empty text puts something around every character.
  const max =
    old.min === 0
      ? plus(times(plus(text.max, 1), by.max), text.max)
      : by.max <= old.min
        ? text.max
        : times(Math.ceil(text.max / old.min), by.max);
  const min =
    old.max === 0
      ? plus(times(plus(text.min, 1), by.min), text.min)
      : old.max <= by.min
        ? text.min
        : times(Math.ceil(text.min / old.max), by.min);
  return { min, max };
}

/** Splitting at "" yields every character; a limit that is written down bounds that. */
const splits: CallEstimator = ([text, , limit]) => {
  const bound = typeof limit?.literal === "bigint" && limit.literal >= 0n ? Number(limit.literal) : text!.size.max;
  return { cost: textCost(text!, 2 * TRAVERSAL), size: upTo(bound) };
};

const joins: CallEstimator = ([list, separator]) => {
  const items = multiplySizes(list!.size, upTo(elementOf(list!).max ?? MAX));
  const between = { min: Math.max(list!.size.min - 1, 0), max: Math.max(list!.size.max - 1, 0) };
  const size = separator ? addSizes(items, multiplySizes(separator.size, between)) : items;
  return { cost: scaled(size.max, TRAVERSAL), size };
};

const contains: CallEstimator = ([text, part]) => ({ cost: times(textCost(text!), textCost(part!)) });
const quotes: CallEstimator = ([text]) => ({
  cost: textCost(text!),
  size: { min: plus(text!.size.min, 2), max: plus(times(text!.size.max, 2), 2) },
});

/** Two addresses side by side; one that is text is parsed first. */
const containsAddress =
  (more: number): CallEstimator =>
  (args, { parameters }) => ({
    cost: plus(scaled(2 * ADDRESS_MAX, TRAVERSAL) + more, typeText(parameters[1]!) === "string" ? textCost(args[1]!) : 0),
  });

/** string(bytes) and bytes(string) read; a character is up to four bytes. */
const decodes: CallEstimator = (args, { parameters }) => {
  if (typeText(parameters[0]!) !== "bytes") return { cost: 1 };
  const { min, max } = args[0]!.size;
  return { cost: textCost(args[0]!), size: { min: Math.floor(min / 4), max } };
};
const encodes: CallEstimator = (args, { parameters }) => {
  if (typeText(parameters[0]!) !== "string") return { cost: 1 };
  const { min, max } = args[0]!.size;
  return { cost: textCost(args[0]!), size: { min, max: times(max, 4) } };
};

export const FUNCTIONS: ReadonlyMap<string, CallEstimator> = new Map<string, CallEstimator>([
  ["_+_", adds],
  ...["_<_", "_<=_", "_>_", "_>=_"].map((name) => [name, compares] as const),
  ["@in", ([, range], { parameters }) => ({ cost: parameters[1]!.kind === "list" ? range!.size.max : 1 })],
  ["bytes", encodes],
  ["string", decodes],
  ["startsWith", ([, part]) => ({ cost: textCost(part!) })],
  ["endsWith", ([, part]) => ({ cost: textCost(part!) })],
  ["contains", contains],
  ["matches", matches],
  ["find", finds],
  ["findAll", finds],
  ["lowerAscii", rewrites],
  ["upperAscii", rewrites],
  ["substring", rewrites],
  ["trim", rewrites],
  ["reverse", (args, overload) => (first(args) === "string" ? rewrites(args, overload) : walksAndCopies(args, overload))],
  ["replace", replaces],
  ["split", splits],
  ["join", joins],
  ["strings.quote", quotes],
  ["format", reads],
  ...["isSorted", "sum", "min", "max", "indexOf", "lastIndexOf"].map((name) => [name, walks] as const),
  ...["distinct", "sort"].map((name) => [name, walksAndCopies] as const),
  ["slice", ([list]) => ({ cost: list!.size.max, size: upTo(list!.size.max) })],
  ["flatten", ([list]) => ({ cost: list!.size.max })],
  ["sets.contains", crosses(1)],
  ["sets.intersects", crosses(1)],
  ["sets.equivalent", crosses(2)],
  ["url", rewrites],
  ...["isIP", "cidr", "isCIDR", "quantity", "isQuantity", "semver", "isSemver"].map((name) => [name, reads] as const),
  ["ip", (args, overload) => (first(args) === "string" ? reads(args, overload) : { cost: 1 })],
  ["ip.isCanonical", ([text]) => ({ cost: textCost(text!, 2 * TRAVERSAL) })],
  ["containsIP", containsAddress(0)],
  ["containsCIDR", containsAddress(scaled(ADDRESS_MAX, TRAVERSAL) + 1)],
  ["validate", ([, text]) => ({ cost: times(textCost(text!), FORMAT_PATTERN_MAX / 4) })],
  ["check", () => ({ cost: CHECK_COST })],
  ["size", () => ({ cost: 1, size: ONE })],
]);
