/**
 * Custom resources' schemas before they are put into v2's words (apiextensions-apiserver/pkg/controller/openapi/v2):
 * clients that validate by v2 take a list of properties for all there may be, and null for no value of any type.
 */
type Json = Record<string, unknown>;

const PRESERVE = "x-kubernetes-preserve-unknown-fields";
const VERSION_KIND = "x-kubernetes-group-version-kind";
/** Conditions on values that v2's readers do not know. */
const JUNCTORS = ["allOf", "anyOf", "oneOf", "not"];

/** A new schema. Where the whole object may hold anything, no property is named at all: kubectl would refuse the others. */
export function rootForV2(schema: Json): Json {
  if (schema[PRESERVE] === true) return { type: "object", [VERSION_KIND]: schema[VERSION_KIND] };
  return forV2(schema);
}

function forV2(schema: Json): Json {
  // The reference to ObjectMeta, and nothing a definition's author could have written.
  if (isReference(schema)) return schema;
  const result: Json = { ...schema };
  for (const junctor of JUNCTORS) delete result[junctor];
  delete result["nullable"];
  const nullable = schema["nullable"] === true;
  const preserving = schema[PRESERVE] === true;
  if (nullable) delete result["type"];
  if (nullable || preserving) {
    delete result["items"];
    delete result["properties"];
  }
  if (preserving && result["type"] === "object") delete result["type"];
  if (result["type"] === "array" && result["items"] === undefined) delete result["type"];
  const required = requiredForV2(result);
  if (required.length > 0) result["required"] = required;
  else delete result["required"];
  return withChildren(result);
}

/** A property that may be null is none that a client could demand. */
function requiredForV2(schema: Json): string[] {
  const mayBeNull = (value: unknown) => isSchema(value) && value["nullable"] === true;
  if (mayBeNull(schema["additionalProperties"])) return [];
  const properties = (schema["properties"] ?? {}) as Json;
  return ((schema["required"] ?? []) as string[]).filter((name) => !mayBeNull(properties[name]));
}

function withChildren(schema: Json): Json {
  for (const key of ["items", "additionalProperties"]) {
    if (isSchema(schema[key])) schema[key] = forV2(schema[key]);
  }
  if (isSchema(schema["properties"])) {
    const properties = Object.entries(schema["properties"]);
    schema["properties"] = Object.fromEntries(properties.map(([name, value]) => [name, forV2(value as Json)]));
  }
  return schema;
}

const isSchema = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

function isReference({ $ref, allOf }: Json): boolean {
  return $ref !== undefined || (Array.isArray(allOf) && allOf.length === 1 && allOf[0].$ref !== undefined);
}
