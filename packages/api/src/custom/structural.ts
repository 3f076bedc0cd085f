/**
 * Structural schemas: the OpenAPI v3 schemas of CustomResourceDefinitions, read once into the form that pruning,
 * defaulting, validation and server-side apply walk (KEP-1979, "vanilla OpenAPI subset: structural schema").
 */
import { isObject } from "../schema/conform.ts";

/** JSONSchemaProps as it stands in a CustomResourceDefinition. */
export type JsonSchema = Record<string, any>;

export interface Rule {
  rule: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
  fieldPath?: string;
  optionalOldSelf?: boolean;
}

export interface Structural {
  readonly type: string;
  readonly properties: ReadonlyMap<string, Structural>;
  /** Of every member not among the properties; true: anything. */
  readonly additional: Structural | boolean | undefined;
  readonly items: Structural | undefined;
  readonly nullable: boolean;
  /** Members it does not know stay. */
  readonly preserve: boolean;
  readonly embedded: boolean;
  readonly intOrString: boolean;
  readonly defaultValue: unknown;
  readonly listType: "atomic" | "set" | "map" | undefined;
  readonly mapKeys: readonly string[];
  readonly mapType: "granular" | "atomic" | undefined;
  readonly rules: readonly Rule[];
  /** Whether a default is here or anywhere below. */
  readonly hasDefaults: boolean;
  readonly source: JsonSchema;
}

const NONE: ReadonlyMap<string, Structural> = new Map();

export function structuralOf(source: JsonSchema): Structural {
  const properties = isObject(source["properties"])
    ? new Map(Object.entries(source["properties"]).map(([name, schema]) => [name, structuralOf(schema as JsonSchema)]))
    : NONE;
  const { additionalProperties } = source;
  const additional = isObject(additionalProperties) ? structuralOf(additionalProperties) : (additionalProperties as boolean | undefined);
  const items = isObject(source["items"]) ? structuralOf(source["items"]) : undefined;
  const inner = [...properties.values(), ...(typeof additional === "object" ? [additional] : []), ...(items ? [items] : [])];
  return {
    type: source["type"] ?? "",
    properties,
    additional,
    items,
    nullable: source["nullable"] === true,
    preserve: source["x-kubernetes-preserve-unknown-fields"] === true,
    embedded: source["x-kubernetes-embedded-resource"] === true,
    intOrString: source["x-kubernetes-int-or-string"] === true,
    defaultValue: source["default"],
    listType: source["x-kubernetes-list-type"],
    mapKeys: source["x-kubernetes-list-map-keys"] ?? [],
    mapType: source["x-kubernetes-map-type"],
    rules: source["x-kubernetes-validations"] ?? [],
    hasDefaults: source["default"] !== undefined || inner.some(({ hasDefaults }) => hasDefaults),
    source,
  };
}

/** What a member of an object must be; undefined: nothing is said about it. */
export function memberOf(schema: Structural, name: string): Structural | undefined {
  const property = schema.properties.get(name);
  if (property) return property;
  return typeof schema.additional === "object" ? schema.additional : undefined;
}
