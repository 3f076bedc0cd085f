/** Values in Go's words, as upstream's messages about patches show them. */
import { isObject } from "../schema/conform.ts";

/** fmt's `%+v` of an unstructured value: `map[data:map[a:1] spec:<nil>]`, members by name. */
export function goFormat(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goFormat).join(" ")}]`;
  if (!isObject(value)) return String(value);
  const members = Object.keys(value).sort();
  return `map[${members.map((name) => `${name}:${goFormat(value[name])}`).join(" ")}]`;
}

const MISMATCH = /^json: cannot unmarshal (\w+).* into Go struct field \S+ of type (.+)$/;
/** JSON's kinds of values as the unstructured converter meets them. */
const MET: Record<string, string> = { array: "slice", object: "map", number: "int64", bool: "bool", string: "string" };

/** What a mismatch of types is called where unstructured values become structs: strategic merge has no JSON at hand. */
export function inConverterWords(problem: string): string {
  const [, met = "", wanted = ""] = MISMATCH.exec(problem) ?? [];
  const source = MET[met];
  if (source === undefined) return problem;
  if (wanted.startsWith("[]")) return `cannot restore slice from ${source}`;
  if (wanted.startsWith("map[")) return `cannot restore map from ${source}`;
  if (wanted.includes(".")) return `cannot restore struct from: ${source}`;
  return source === "int64" ? `cannot convert int64 to ${wanted}` : `unrecognized type: ${wanted}`;
}
