/** Ratcheting (KEP-4008): an update may leave wrong what was wrong before, as long as it does not touch it. */
import type { FieldError } from "../field-error.ts";
import { jsonEqual } from "../json-equal.ts";
import { isObject } from "../schema/conform.ts";

/** The errors whose field's value differs from that of the old object. Errors about a whole stay with the whole. */
export function keepUnchanged(errors: readonly FieldError[], obj: unknown, old: unknown): FieldError[] {
  return errors.filter(({ field, type }) => {
    if (field === "<nil>") return true;
    // What is missing is judged by the object that misses it.
    const path = type === "FieldValueRequired" ? parent(field) : field;
    return !jsonEqual(valueAt(obj, path), valueAt(old, path));
  });
}

const parent = (field: string): string => field.slice(0, Math.max(0, field.lastIndexOf(".")));

function valueAt(root: unknown, field: string): unknown {
  let value = root;
  for (const [, name, index] of field.matchAll(/([^.[\]]+)(?!\])|\[(\d+)\]/g)) {
    if (index !== undefined) value = Array.isArray(value) ? value[Number(index)] : undefined;
    else value = isObject(value) ? value[name!] : undefined;
  }
  return value;
}
