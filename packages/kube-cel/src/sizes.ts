/**
 * How much of a thing one request can hold: what cost estimates assume where a schema sets no bound (KEP-2876,
 * "estimated cost limits"; upstream: apiserver/pkg/cel/limits.go). All in bytes of JSON.
 */
import type { Structural } from "@flotilla/api";

/** The largest request that a server takes. */
const REQUEST_BYTES_MAX = 3 * 1024 * 1024;
/** "" */
const STRING_BYTES_MIN = 2;
/** Any text that fits. */
export const TEXT_SIZE_MAX = REQUEST_BYTES_MAX - STRING_BYTES_MIN;
/** A code point is up to four bytes: schemas count characters, estimates bytes. */
const CHARACTER_BYTES_MAX = 4;

/** Formats with a length of their own, and the shortest text that has it ("0s" is a duration, a day has one length). */
const FORMATS: Record<string, { bytes_min: number; bytes_max: number }> = {
  duration: { bytes_min: 3, bytes_max: 32 },
  date: { bytes_min: 12, bytes_max: 12 },
  "date-time": { bytes_min: 21, bytes_max: 32 },
};
/** true, 0, 0; of an int-or-string 0. */
const SCALAR_BYTES_MIN: Record<string, number> = { boolean: 4, integer: 1, number: 1 };

const bound = (value: unknown): number | undefined => (typeof value === "number" ? Math.max(value, 0) : undefined);
const formatOf = ({ source }: Structural) => (Object.hasOwn(FORMATS, source["format"] ?? "") ? FORMATS[source["format"]] : undefined);

/** The most characters (counted as bytes) of a string or an int-or-string. */
export function textSizeMax(schema: Structural): number {
  const { source, intOrString } = schema;
  const format = intOrString ? undefined : formatOf(schema);
  if (format) return format.bytes_max;
  const length = bound(source["maxLength"]);
  if (length !== undefined) return source["format"] === "byte" ? length : length * CHARACTER_BYTES_MAX;
  if (!intOrString && Array.isArray(source["enum"]) && source["enum"].length > 0)
    return Math.max(0, ...source["enum"].map((value) => (typeof value === "string" ? new TextEncoder().encode(value).length : 0)));
  return TEXT_SIZE_MAX;
}

/** The most items of a list. */
export function itemsMax({ source, items }: Structural): number {
  // [ and ] once, and a comma for every item
  return bound(source["maxItems"]) ?? Math.floor((REQUEST_BYTES_MAX - 2) / ((items ? bytesMin(items) : 0) + 1));
}

/** The most entries of a map. */
export function entriesMax({ source, additional }: Structural): number {
  // A key of one or two characters with its quotes, a colon, a comma.
  return (
    bound(source["maxProperties"]) ??
    Math.floor((REQUEST_BYTES_MAX - 2) / ((typeof additional === "object" ? bytesMin(additional) : 0) + 6))
  );
}

/** How often a value of this schema can stand in one request, if nothing above it sets a bound. */
export const occurrencesMax = (schema: Structural): number => Math.floor(REQUEST_BYTES_MAX / (bytesMin(schema) + 1));

/** The shortest JSON of this schema: {}, and what is required without a default. */
function bytesMin(schema: Structural): number {
  const { type, intOrString, properties, additional, source } = schema;
  if (intOrString) return 1;
  if (type === "string") return formatOf(schema)?.bytes_min ?? STRING_BYTES_MIN;
  if (type !== "object" || typeof additional === "object") return SCALAR_BYTES_MIN[type] ?? 2;
  const required = new Set<string>(source["required"] ?? []);
  let sum = 2;
  for (const [name, property] of properties) {
    const visible = property.type !== "" || property.intOrString;
    // Quotes, a colon, a comma.
    if (visible && required.has(name) && property.defaultValue === undefined) sum += name.length + bytesMin(property) + 4;
  }
  return sum;
}
