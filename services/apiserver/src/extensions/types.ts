/** Structural schemas as types of CEL (apiserver/pkg/cel: SchemaDeclType). */
import type { Structural } from "@flotilla/api";
import { BOOL, BYTES, type CelType, DOUBLE, DURATION, DYN, type FieldType, INT, listOf, mapOf, STRING, TIMESTAMP } from "@flotilla/cel";

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

const STRING_FORMATS: Record<string, CelType> = { byte: BYTES, date: TIMESTAMP, "date-time": TIMESTAMP, duration: DURATION };

/** undefined: nothing is known of it, and rules cannot see it. `resource`: has apiVersion, kind and metadata. */
export function typeOf(schema: Structural, resource = false): CelType | undefined {
  if (schema.intOrString) return DYN;
  const type = baseType(schema, resource);
  // A null must compare: scalars that may be null are told apart at run time.
  return schema.nullable && type?.kind === "simple" ? DYN : type;
}

function baseType(schema: Structural, resource: boolean): CelType | undefined {
  switch (schema.type) {
    case "object":
      return objectOf(schema, resource);
    case "array": {
      const element = schema.items && typeOf(schema.items);
      return element && listOf(element, schema.listType === "set" || schema.listType === "map");
    }
    case "string":
      return STRING_FORMATS[schema.source["format"] as string] ?? STRING;
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

const METADATA: CelType = {
  kind: "object",
  name: "metadata",
  field: (name) => (name === "name" || name === "generateName" ? { type: STRING, json: name } : undefined),
};
const RESOURCE_FIELDS: Record<string, FieldType> = {
  apiVersion: { type: STRING, json: "apiVersion" },
  kind: { type: STRING, json: "kind" },
  metadata: { type: METADATA, json: "metadata" },
};

function objectOf(schema: Structural, resource: boolean): CelType | undefined {
  if (typeof schema.additional === "object") {
    const value = typeOf(schema.additional);
    return value && mapOf(STRING, value);
  }
  if (schema.additional === true) return mapOf(STRING, DYN);
  const fields = new Map<string, FieldType>();
  for (const [json, property] of schema.properties) {
    const name = escapedName(json);
    const type = typeOf(property);
    if (name !== undefined && type) fields.set(name, { type, json });
  }
  if (resource || schema.embedded) for (const [name, field] of Object.entries(RESOURCE_FIELDS)) fields.set(name, field);
  return { kind: "object", name: "object", field: (name) => fields.get(name) };
}
