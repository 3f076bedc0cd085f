/** Built-in kinds as types of CEL, from the same facts that OpenAPI and validation are made of. */
import { type Field, findStruct, type Scalar, type StructType } from "@flotilla/api/schema/schema.ts";
import {
  BOOL,
  BYTES,
  type CelType,
  DOUBLE,
  DYN,
  type FieldType,
  INT,
  listOf,
  mapOf,
  type ObjectType,
  STRING,
  TIMESTAMP,
} from "@flotilla/cel";
import { escapedName, memberByName } from "./names.ts";

/** The rest (quantities, int-or-strings, any JSON) is known only when it is there. */
const SCALARS: Partial<Record<Scalar, CelType>> = {
  string: STRING,
  bool: BOOL,
  int32: INT,
  int64: INT,
  float64: DOUBLE,
  bytes: BYTES,
  time: TIMESTAMP,
  microtime: TIMESTAMP,
  duration: STRING,
};

const made = new Map<string, ObjectType>();

/** "core/v1.Pod"; undefined: there is no such type. */
export function builtinType(schema: string): ObjectType | undefined {
  const present = made.get(schema);
  if (present) return present;
  const struct = findStruct(schema);
  if (!struct) return undefined;
  const type: ObjectType = { kind: "object", name: struct.name, field: fieldsOf(struct) };
  made.set(schema, type);
  return type;
}

/** A custom resource with all of its metadata: its rules see the names alone, admission sees everything. */
export function withMetadata(type: CelType): CelType {
  if (type.kind !== "object") return type;
  const metadata: FieldType = { type: builtinType("meta/v1.ObjectMeta")!, json: "metadata" };
  return { ...type, field: (name) => (name === "metadata" ? metadata : type.field(name)) };
}

/** Types contain themselves (JSON schemas do): members are made when they are asked for. */
function fieldsOf({ fields }: StructType): ObjectType["field"] {
  const known = new Map<string, Field>();
  for (const field of fields.values()) {
    const name = escapedName(field.json);
    if (name !== undefined) known.set(name, field);
  }
  return memberByName((name): FieldType | undefined => {
    const field = known.get(name);
    return field && { type: contained(field), json: field.json };
  });
}

function contained(field: Field): CelType {
  const element = field.ref === undefined ? (SCALARS[field.scalar!] ?? DYN) : (builtinType(field.ref) ?? DYN);
  switch (field.container) {
    case "list":
      return listOf(element, field.listType === "set" || field.listType === "map");
    case "map":
      return mapOf(STRING, element);
    case "map-of-lists":
      return mapOf(STRING, listOf(element));
    default:
      return element;
  }
}
