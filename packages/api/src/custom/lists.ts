/** x-kubernetes-list-type set and map: no member twice; x-kubernetes-embedded-resource: a whole object. */
import type { FieldErrors } from "../field-error.ts";
import { isObject } from "../schema/conform.ts";
import { memberOf, type Structural } from "./structural.ts";

export function validateStructure(schema: Structural, value: unknown, path: string, errors: FieldErrors): void {
  if (Array.isArray(value)) {
    uniqueItems(schema, value, path, errors);
    if (schema.items) for (const [index, item] of value.entries()) validateStructure(schema.items, item, `${path}[${index}]`, errors);
  } else if (isObject(value)) {
    if (schema.embedded) validateEmbedded(value, path, errors);
    for (const name of Object.keys(value)) {
      const member = memberOf(schema, name);
      if (member) validateStructure(member, value[name], path === "" ? name : `${path}.${name}`, errors);
    }
  }
}

function uniqueItems({ listType, mapKeys }: Structural, items: readonly unknown[], path: string, errors: FieldErrors): void {
  if (listType !== "set" && listType !== "map") return;
  const seen = new Set<string>();
  const noted = new Set<string>();
  for (const [index, item] of items.entries()) {
    const identity = listType === "set" ? item : keysOf(item, mapKeys);
    const text = canonical(identity);
    if (seen.has(text) && !noted.has(text)) {
      noted.add(text);
      errors.duplicate(`${path}[${index}]`, identity);
    }
    seen.add(text);
  }
}

function keysOf(item: unknown, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.flatMap((key) => (isObject(item) && item[key] !== undefined ? [[key, item[key]]] : [])));
}

/** Equal values have equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

function validateEmbedded(value: Record<string, unknown>, path: string, errors: FieldErrors): void {
  for (const field of ["apiVersion", "kind"]) if (!value[field]) errors.required(`${path}.${field}`, "must not be empty");
}
