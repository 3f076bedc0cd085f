/** A structural schema as OpenAPI publishes it (apiextensions-apiserver/pkg/controller/openapi/builder). */
import { isObject } from "../schema/conform.ts";
import type { JsonSchema } from "./structural.ts";

/** A new schema: what has no meaning for clients is left out, metadata is every object's. */
export function publishedSchema(source: JsonSchema): Record<string, unknown> {
  const schema = withoutInternals(source);
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  return {
    ...schema,
    type: "object",
    properties: {
      ...properties,
      apiVersion: { type: "string", description: API_VERSION_TEXT },
      kind: { type: "string", description: KIND_TEXT },
    },
  };
}

const API_VERSION_TEXT =
  "APIVersion defines which version of the schema this object is written in. Servers convert what they know and refuse what they do not.";
const KIND_TEXT = "Kind names the REST resource that this object stands for, in CamelCase. It cannot be changed.";

function withoutInternals(schema: JsonSchema): JsonSchema {
  const result: JsonSchema = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === "x-kubernetes-int-or-string" && value) Object.assign(result, { [key]: true });
    else if (key === "properties" && isObject(value)) result[key] = mapSchemas(value);
    else if ((key === "items" || key === "additionalProperties" || key === "not") && isObject(value)) result[key] = withoutInternals(value);
    else if ((key === "allOf" || key === "anyOf" || key === "oneOf") && Array.isArray(value)) result[key] = value.map(withoutInternals);
    else result[key] = value;
  }
  return schema["x-kubernetes-embedded-resource"] === true ? asResource(result) : result;
}

/** What every object has, for one that stands inside of another. */
function asResource(schema: JsonSchema): JsonSchema {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = (schema["required"] ?? []) as string[];
  return {
    ...schema,
    properties: {
      ...properties,
      apiVersion: { type: "string", description: API_VERSION_TEXT },
      kind: { type: "string", description: KIND_TEXT },
      metadata: { description: "Standard object's metadata.", allOf: [{ $ref: OBJECT_META }] },
    },
    required: [...new Set([...required, "kind", "apiVersion"])],
  };
}

const OBJECT_META = "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

const mapSchemas = (schemas: Record<string, unknown>): JsonSchema =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, withoutInternals(schema as JsonSchema)]));
