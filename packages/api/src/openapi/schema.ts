/** OpenAPI schemas from the schema registry: kubectl explain, client-side validation and strategic merge read these. */
import { enumValues, type Field, type Scalar, structOf } from "../schema/schema.ts";

type Schema = Record<string, unknown>;

/** Text for a type ("core/v1.PodSpec") or for one of its fields. */
export type Describe = (type: string, field?: string) => string | undefined;

/** Go packages of the types that do not come from k8s.io/api: clients know types by these names. */
const HOMES: Record<string, string> = {
  meta: "io.k8s.apimachinery.pkg.apis.meta",
  apiextensions: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
  apiregistration: "io.k8s.kube-aggregator.pkg.apis.apiregistration",
  metrics: "io.k8s.metrics.pkg.apis.metrics",
};

/** Scalars that have a name and a schema of their own, as upstream's documents have them. */
const NAMED: Partial<Record<Scalar, { name: string; schema: Schema }>> = {
  quantity: { name: "io.k8s.apimachinery.pkg.api.resource.Quantity", schema: { oneOf: [{ type: "string" }, { type: "number" }] } },
  intstr: {
    name: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
    schema: { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] },
  },
  time: { name: `${HOMES["meta"]}.v1.Time`, schema: { type: "string", format: "date-time" } },
  microtime: { name: `${HOMES["meta"]}.v1.MicroTime`, schema: { type: "string", format: "date-time" } },
  duration: { name: `${HOMES["meta"]}.v1.Duration`, schema: { type: "string" } },
  fields: { name: `${HOMES["meta"]}.v1.FieldsV1`, schema: { type: "object" } },
  raw: { name: "io.k8s.apimachinery.pkg.runtime.RawExtension", schema: { type: "object" } },
};

/** "core/v1.PodSpec" → "io.k8s.api.core.v1.PodSpec". */
export function openApiName(full: string): string {
  const slash = full.indexOf("/");
  const dot = full.lastIndexOf(".");
  const [group, version, kind] = [full.slice(0, slash), full.slice(slash + 1, dot), full.slice(dot + 1)];
  return `${HOMES[group] ?? `io.k8s.api.${group}`}.${version}.${kind}`;
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
    // kubectl shows a field's text and then its type's: what both say is said once.
    const text = describe(full, field.json);
    const said = field.ref !== undefined && text === describe(field.ref);
    properties[field.json] = fieldSchema(field, prefix, said ? undefined : text);
    if (!field.optional && field.json !== "metadata" && field.json !== "status") required.push(field.json);
    if (field.ref !== undefined) addSchema(field.ref, prefix, schemas, describe);
    const named = field.scalar && NAMED[field.scalar];
    if (named) schemas.set(named.name, named.schema);
  }
  if (Object.keys(properties).length > 0) schema["properties"] = properties;
  if (required.length > 0) schema["required"] = required;
  if (type.atomic) schema["x-kubernetes-map-type"] = "atomic";
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
  return element["$ref"] === undefined ? element : { allOf: [element] };
}

function elementSchema(field: Field, prefix: string): Schema {
  if (field.ref !== undefined) return { $ref: prefix + openApiName(field.ref) };
  const named = field.scalar && NAMED[field.scalar];
  if (named) return { $ref: prefix + named.name };
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
    case "json":
    case "schemaOrArray":
    case "schemaOrBool":
    case "schemaOrStrings":
      return {}; // several JSON types: anything goes
    default: {
      const values = field.alias === undefined || OPEN.test(field.alias) ? [] : [...enumValues(field.alias)].sort();
      return values.length > 0 ? { type: "string", enum: values } : { type: "string" };
    }
  }
}
