/** OpenAPI schemas from the schema registry: kubectl explain, client-side validation and strategic merge read these. */
import { enumValues, type Field, structOf } from "../schema/schema.ts";

type Schema = Record<string, unknown>;

/** Text for a type ("core/v1.PodSpec") or for one of its fields. */
export type Describe = (type: string, field?: string) => string | undefined;

/** "core/v1.PodSpec" → "io.k8s.api.core.v1.PodSpec". */
export function openApiName(full: string): string {
  const slash = full.indexOf("/");
  const dot = full.lastIndexOf(".");
  const [group, version, kind] = [full.slice(0, slash), full.slice(slash + 1, dot), full.slice(dot + 1)];
  return group === "meta" ? `io.k8s.apimachinery.pkg.apis.meta.${version}.${kind}` : `io.k8s.api.${group}.${version}.${kind}`;
}

/** Named types whose known values are not all there can be. */
const OPEN =
  /(ConditionType|\.ResourceName|\.FinalizerName|\.SecretType|\.StorageMedium|\.LimitType|\.CauseType|\.StatusReason|\.OSName|Status)$/;

/** Adds the type and everything it refers to, under `prefix` ("#/components/schemas/"). */
export function addSchema(full: string, prefix: string, schemas: Map<string, Schema>, describe: Describe): void {
  const name = openApiName(full);
  if (schemas.has(name)) return;
  const type = structOf(full);
  const schema: Schema = { type: "object" };
  schemas.set(name, schema);
  const description = describe(full);
  if (description) schema["description"] = description;
  const properties: Record<string, Schema> = {};
  const required: string[] = [];
  for (const field of type.fields.values()) {
    properties[field.json] = fieldSchema(field, prefix, describe(full, field.json));
    if (!field.optional && field.json !== "metadata" && field.json !== "status") required.push(field.json);
    if (field.ref !== undefined) addSchema(field.ref, prefix, schemas, describe);
  }
  if (Object.keys(properties).length > 0) schema["properties"] = properties;
  if (required.length > 0) schema["required"] = required;
}

function fieldSchema(field: Field, prefix: string, description: string | undefined): Schema {
  const element = elementSchema(field, prefix);
  const shape = contained(field, element);
  if (description) shape["description"] = description;
  if (field.defaultValue !== undefined) shape["default"] = field.defaultValue;
  if (field.patchStrategies.length > 0) shape["x-kubernetes-patch-strategy"] = field.patchStrategies.join(",");
  if (field.patchMergeKey !== undefined) shape["x-kubernetes-patch-merge-key"] = field.patchMergeKey;
  if (field.listType !== undefined) shape["x-kubernetes-list-type"] = field.listType;
  if (field.listMapKeys.length > 0) shape["x-kubernetes-list-map-keys"] = field.listMapKeys;
  if (field.structType !== undefined) shape["x-kubernetes-map-type"] = field.structType;
  return shape;
}

function contained(field: Field, element: Schema): Schema {
  if (field.container === "list") return { type: "array", items: element };
  if (field.container === "map") return { type: "object", additionalProperties: element };
  if (field.container === "map-of-lists") return { type: "object", additionalProperties: { type: "array", items: element } };
  // A reference may have no siblings in OpenAPI 3.0: it stands in an allOf.
  return field.ref === undefined ? element : { allOf: [element] };
}

function elementSchema(field: Field, prefix: string): Schema {
  if (field.ref !== undefined) return { $ref: prefix + openApiName(field.ref) };
  switch (field.scalar) {
    case "bool":
      return { type: "boolean" };
    case "int32":
    case "int64":
      return { type: "integer", format: field.scalar };
    case "float64":
      return { type: "number", format: "double" };
    case "bytes":
      return { type: "string", format: "byte" };
    case "time":
    case "microtime":
      return { type: "string", format: "date-time" };
    case "intstr":
      return { type: "string", format: "int-or-string" };
    case "json":
    case "schemaOrArray":
    case "schemaOrBool":
    case "schemaOrStrings":
      return {}; // several JSON types: anything goes
    case "raw":
    case "fields":
      return { type: "object" };
    default: {
      const values = field.alias === undefined || OPEN.test(field.alias) ? [] : [...enumValues(field.alias)].sort();
      return values.length > 0 ? { type: "string", enum: values } : { type: "string" };
    }
  }
}
