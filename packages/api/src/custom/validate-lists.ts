/** List and map types, on which server-side apply, ratcheting and rules rely: which item is which, and what is one value. */
import type { FieldErrors } from "../field-error.ts";
import { isObject } from "../schema/conform.ts";
import type { JsonSchema } from "./structural.ts";

const LIST_TYPES = ["atomic", "set", "map"];
const MAP_TYPES = ["atomic", "granular"];
const KEYS = "x-kubernetes-list-map-keys";

export function validateListTypes(schema: JsonSchema, path: string, errors: FieldErrors): void {
  const { "x-kubernetes-list-type": listType, "x-kubernetes-map-type": mapType, items } = schema;
  const keys: string[] = schema[KEYS] ?? [];
  if (mapType !== undefined) {
    mustBe("object", "x-kubernetes-map-type is specified", schema, path, errors);
    if (!MAP_TYPES.includes(mapType)) errors.notSupported(`${path}.x-kubernetes-map-type`, mapType, MAP_TYPES);
  }
  if (listType !== undefined) {
    const isArray = mustBe("array", "x-kubernetes-list-type is specified", schema, path, errors);
    if (isArray && listType === "set" && isObject(items)) oneValueEach(items, `${path}.items`, errors);
    if (!LIST_TYPES.includes(listType)) errors.notSupported(`${path}.x-kubernetes-list-type`, listType, LIST_TYPES);
  }
  if (keys.length > 0 && listType !== "map") {
    const why = `must be map if ${KEYS} is non-empty`;
    if (listType === undefined) errors.required(`${path}.x-kubernetes-list-type`, why);
    else errors.invalid(`${path}.x-kubernetes-list-type`, listType, why);
  }
  if (listType === "map") validateKeys(keys, items, path, errors);
  if ((listType === "map" || listType === "set") && isObject(items) && items["nullable"])
    errors.forbidden(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`);
}

function mustBe(type: string, condition: string, schema: JsonSchema, path: string, errors: FieldErrors): boolean {
  if (schema["type"] === type) return true;
  const why = `must be ${type} if ${condition}`;
  if (schema["type"]) errors.invalid(`${path}.type`, schema["type"], why);
  else errors.required(`${path}.type`, why);
  return false;
}

/** Items of a set are compared as a whole: they must be atomic. */
function oneValueEach(items: JsonSchema, path: string, errors: FieldErrors): void {
  const why = "must be atomic as item of a list with x-kubernetes-list-type=set";
  const { type, "x-kubernetes-list-type": listType, "x-kubernetes-map-type": mapType } = items;
  if (type === "array" && listType !== undefined && listType !== "atomic") errors.invalid(`${path}.x-kubernetes-list-type`, listType, why);
  if (type === "object" && mapType !== "atomic") errors.invalid(`${path}.x-kubernetes-map-type`, mapType, why);
}

/** Keys tell the items apart: every item has them, and they are scalars. */
function validateKeys(keys: readonly string[], items: unknown, path: string, errors: FieldErrors): void {
  if (keys.length === 0) errors.required(`${path}.${KEYS}`, "must not be empty if x-kubernetes-list-type is map");
  if (!isObject(items)) return errors.required(`${path}.items`, "must have a schema if x-kubernetes-list-type is map");
  const { type, properties, required } = items as JsonSchema;
  if (type !== "object") errors.invalid(`${path}.items.type`, type ?? "", "must be object if parent array's x-kubernetes-list-type is map");
  for (const [index, key] of keys.entries()) {
    if (keys.indexOf(key) < index) errors.invalid(`${path}.${KEYS}`, keys, "must not contain duplicate entries");
    const property: unknown = isObject(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (isObject(property)) validateKey(property, required ?? [], key, `${path}.items.properties[${key}]`, errors);
    else if (type === "object") errors.invalid(`${path}.${KEYS}`, keys, "entries must all be names of item properties");
  }
}

function validateKey(property: JsonSchema, required: readonly string[], key: string, path: string, errors: FieldErrors): void {
  const { type, nullable, default: value } = property;
  if (type === "object" || type === "array")
    errors.invalid(`${path}.type`, type, "must be a scalar type if parent array's x-kubernetes-list-type is map");
  if (value === undefined && !required.includes(key))
    errors.required(`${path}.default`, `this property is in ${KEYS}, so it must have a default or be a required property`);
  if (nullable) errors.forbidden(`${path}.nullable`, `this property is in ${KEYS}, so it cannot be nullable`);
}
