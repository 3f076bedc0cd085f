/** Structural schemas as types of CEL, with the sizes that cost estimates count on (apiserver/pkg/cel: SchemaDeclType). */
import type { Structural } from "@flotilla/api";
import {
  atMost,
  BOOL,
  BYTES,
  type CelType,
  DOUBLE,
  DURATION,
  DYN,
  type FieldType,
  INT,
  listOf,
  mapOf,
  STRING,
  TIMESTAMP,
} from "@flotilla/cel";
import { escapedName, memberByName } from "./names.ts";
import { entriesMax, itemsMax, TEXT_SIZE_MAX, textSizeMax } from "./sizes.ts";

const STRING_FORMATS: Record<string, Parameters<typeof atMost>[0]> = {
  byte: BYTES,
  date: TIMESTAMP,
  "date-time": TIMESTAMP,
  duration: DURATION,
};

/** Schemas are read many times, by every rule above them. */
const known = new WeakMap<Structural, CelType | undefined>();

/** undefined: nothing is known of it, and rules cannot see it. `resource`: has apiVersion, kind and metadata. */
export function typeOf(schema: Structural, resource = false): CelType | undefined {
  if (resource) return makeType(schema, true);
  if (!known.has(schema)) known.set(schema, makeType(schema, false));
  return known.get(schema);
}

function makeType(schema: Structural, resource: boolean): CelType | undefined {
  if (schema.intOrString) return atMost(DYN, textSizeMax(schema));
  const type = baseType(schema, resource);
  // A null must compare: scalars that may be null are told apart at run time.
  return schema.nullable && type?.kind === "simple" ? atMost(DYN, type.size_max ?? 0) : type;
}

function baseType(schema: Structural, resource: boolean): CelType | undefined {
  switch (schema.type) {
    case "object":
      return objectOf(schema, resource);
    case "array": {
      const element = schema.items && typeOf(schema.items);
      return element && atMost(listOf(element, schema.listType === "set" || schema.listType === "map"), itemsMax(schema));
    }
    case "string":
      return atMost(STRING_FORMATS[schema.source["format"] as string] ?? STRING, textSizeMax(schema));
    case "integer":
      return INT;
    case "number":
      return DOUBLE;
    case "boolean":
      return BOOL;
    default:
      return undefined;
  }
}

/** Any text that fits into a request. */
const TEXT = atMost(STRING, TEXT_SIZE_MAX);
const METADATA: CelType = {
  kind: "object",
  name: "metadata",
  field: (name) => (name === "name" || name === "generateName" ? { type: TEXT, json: name } : undefined),
};
const RESOURCE_FIELDS: Record<string, FieldType> = {
  apiVersion: { type: TEXT, json: "apiVersion" },
  kind: { type: TEXT, json: "kind" },
  metadata: { type: METADATA, json: "metadata" },
};

function objectOf(schema: Structural, resource: boolean): CelType | undefined {
  if (typeof schema.additional === "object") {
    const value = typeOf(schema.additional);
    return value && atMost(mapOf(STRING, value), entriesMax(schema));
  }
  if (schema.additional === true) return atMost(mapOf(STRING, DYN), entriesMax(schema));
  const fields = new Map<string, FieldType>();
  for (const [json, property] of schema.properties) {
    const name = escapedName(json);
    const type = typeOf(property);
    if (name !== undefined && type) fields.set(name, { type, json });
  }
  if (resource || schema.embedded) for (const [name, field] of Object.entries(RESOURCE_FIELDS)) fields.set(name, field);
  return { kind: "object", name: "object", field: memberByName((name) => fields.get(name)) };
}
