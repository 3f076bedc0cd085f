/** Members of objects under names that expressions can spell (KEP-2876, "escaping"). */
import type { FieldType } from "@flotilla/cel";

const KEYWORDS = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(" "),
);
const ESCAPES: Record<string, string> = { __: "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__" };

/** A property's name in expressions; undefined: it cannot be reached. */
export function escapedName(name: string): string | undefined {
  if (KEYWORDS.has(name)) return `__${name}__`;
  const escaped = name.replace(/__|[./-]/g, (part) => ESCAPES[part]!);
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(escaped) ? escaped : undefined;
}

/** After a dot a keyword can be nothing but a name: metadata.namespace is metadata.__namespace__. */
export const memberByName =
  (find: (escaped: string) => FieldType | undefined) =>
  (name: string): FieldType | undefined =>
    find(KEYWORDS.has(name) ? `__${name}__` : name);
