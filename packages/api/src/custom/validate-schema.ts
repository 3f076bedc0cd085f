/** Whether a schema is structural, and its extensions make sense (apiextensions/validation and schema/validation.go). */
import { FieldErrors } from "../field-error.ts";
import { isObject } from "../schema/conform.ts";
import type { CustomResourceDefinition } from "../types.ts";
import { parseJsonPath, simplePath } from "./jsonpath.ts";
import { validateStructure } from "./lists.ts";
import { pruneObject } from "./prune.ts";
import { compilePattern } from "./regex.ts";
import { schemaPaths } from "./schema-paths.ts";
import { type JsonSchema, structuralOf } from "./structural.ts";
import { validateValue } from "./validate.ts";
import { validateListTypes } from "./validate-lists.ts";
import { validateRules } from "./validate-rules.ts";

const COLUMN_TYPES = ["boolean", "date", "integer", "number", "string"];
const TYPES = ["array", "boolean", "integer", "number", "object", "string"];
const JUNCTIONS = ["allOf", "anyOf", "oneOf"] as const;
/** What may not stand inside of allOf, anyOf, oneOf and not: there, values are only judged. And what it must be instead. */
const OUTSIDE_LOGIC: Record<string, "empty" | "undefined" | "false"> = {
  type: "empty",
  additionalProperties: "undefined",
  default: "undefined",
  title: "empty",
  description: "empty",
  nullable: "false",
  "x-kubernetes-preserve-unknown-fields": "false",
  "x-kubernetes-embedded-resource": "false",
  "x-kubernetes-int-or-string": "false",
  "x-kubernetes-list-map-keys": "empty",
  "x-kubernetes-list-type": "undefined",
  "x-kubernetes-map-type": "undefined",
  "x-kubernetes-validations": "empty",
};
const isSaid = (value: unknown): boolean =>
  value !== undefined && value !== "" && value !== false && !(Array.isArray(value) && value.length === 0);

export function validateCrdSchemas(crd: CustomResourceDefinition, errors: FieldErrors): void {
  for (const { path, schema } of schemaPaths(crd)) validateRoot(schema, path, errors);
  const { versions } = crd.spec;
  versions?.forEach(({ additionalPrinterColumns, subresources, selectableFields }, index) => {
    const at = versions.length === 1 ? "spec" : `spec.versions[${index}]`;
    additionalPrinterColumns?.forEach((column, i) => {
      const field = `${at}.additionalPrinterColumns[${i}]`;
      if (!column.name) errors.required(`${field}.name`);
      if (!column.type) errors.required(`${field}.type`, `must be one of ${COLUMN_TYPES.join(",")}`);
      else if (!COLUMN_TYPES.includes(column.type))
        errors.invalid(`${field}.type`, column.type, `must be one of ${COLUMN_TYPES.join(",")}`);
      if (!column.jsonPath) errors.required(`${field}.JSONPath`);
      else validatePath(column.jsonPath, `${field}.JSONPath`, errors);
    });
    const scale = subresources?.scale;
    if (scale) {
      replicasPath(scale.specReplicasPath, `${at}.subresources.scale.specReplicasPath`, ".spec.", errors);
      replicasPath(scale.statusReplicasPath, `${at}.subresources.scale.statusReplicasPath`, ".status.", errors);
    }
    selectableFields?.forEach(({ jsonPath }, i) => {
      const field = `${`spec.versions[${index}]`}.selectableFields[${i}].jsonPath`;
      if (!jsonPath) errors.required(field);
      else if (!simplePath(jsonPath)) errors.invalid(field, jsonPath, "must be a simple json path starting with .");
    });
  });
}

function validatePath(path: string, field: string, errors: FieldErrors): void {
  try {
    if (!path.startsWith(".")) throw new Error("must be a simple json path starting with .");
    parseJsonPath(path);
  } catch (error) {
    errors.invalid(field, path, (error as Error).message);
  }
}

function replicasPath(path: string | undefined, field: string, under: string, errors: FieldErrors): void {
  if (!path) errors.required(field);
  else if (!simplePath(path)) errors.invalid(field, path, "must be a json path without array notation");
  else if (!path.startsWith(under)) errors.invalid(field, path, `should be a json path under ${under.slice(0, -1)}`);
}

function validateRoot(schema: JsonSchema, path: string, errors: FieldErrors): void {
  if (!schema["type"]) errors.required(`${path}.type`, "must not be empty at the root");
  else if (schema["type"] !== "object") errors.invalid(`${path}.type`, schema["type"], "must be object at the root");
  if (schema["nullable"]) errors.forbidden(`${path}.nullable`, "nullable cannot be true at the root");
  new SchemaCheck(errors).schema(schema, path, { root: true, resource: true });
}

interface Place {
  root?: boolean;
  resource?: boolean;
  /** What this is the schema of, for messages about a missing type. */
  as?: string;
}

class SchemaCheck {
  readonly #errors: FieldErrors;

  constructor(errors: FieldErrors) {
    this.#errors = errors;
  }

  schema(schema: JsonSchema, path: string, place: Place): void {
    const errors = this.#errors;
    this.#type(schema, path, place);
    this.#extensions(schema, path);
    validateListTypes(schema, path, errors);
    this.#values(schema, path);
    validateRules(schema, path, errors);
    const { properties, additionalProperties, items } = schema;
    if (properties && additionalProperties !== undefined && additionalProperties !== false)
      errors.forbidden(`${path}.additionalProperties`, "additionalProperties and properties are mutual exclusive");
    if (place.root && additionalProperties !== undefined) errors.forbidden(`${path}.additionalProperties`, "must not be used at the root");
    if (additionalProperties === false) errors.forbidden(`${path}.additionalProperties`, "additionalProperties cannot be set to false");
    if (schema["uniqueItems"])
      errors.forbidden(`${path}.uniqueItems`, "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
    for (const key of ["$ref", "definitions", "dependencies", "patternProperties", "additionalItems", "id"]) {
      if (schema[key] !== undefined) errors.forbidden(`${path}.${key}`, `${key} is not supported`);
    }
    if (schema["type"] === "array" && items === undefined) errors.required(`${path}.items`, "must be specified");
    if (Array.isArray(items)) errors.forbidden(`${path}.items`, "items must be a schema object and not an array");
    else if (isObject(items)) this.schema(items, `${path}.items`, { as: "array items" });
    if (isObject(additionalProperties)) this.schema(additionalProperties, `${path}.additionalProperties`, { as: "object fields" });
    if (isObject(properties)) {
      for (const [name, property] of Object.entries(properties)) {
        const at = `${path}.properties[${name}]`;
        if (place.resource && (name === "kind" || name === "apiVersion") && isObject(property) && property["type"] !== "string")
          errors.invalid(`${at}.type`, property["type"] ?? "", "must be string");
        if (place.resource && name === "metadata") this.#metadata(property as JsonSchema, at);
        else if (isObject(property))
          this.schema(property, at, { as: "object fields", resource: property["x-kubernetes-embedded-resource"] === true });
      }
    }
    for (const key of JUNCTIONS) {
      (schema[key] as JsonSchema[] | undefined)?.forEach((part, index) => {
        this.#logic(part, schema, `${path}.${key}[${index}]`);
      });
    }
    if (isObject(schema["not"])) this.#logic(schema["not"], schema, `${path}.not`);
  }

  #type(schema: JsonSchema, path: string, { root, as }: Place): void {
    const { type } = schema;
    const errors = this.#errors;
    if (schema["x-kubernetes-int-or-string"]) {
      if (type) errors.forbidden(`${path}.type`, "must be empty if x-kubernetes-int-or-string is true");
      return;
    }
    if (!type) {
      if (!root && !schema["x-kubernetes-preserve-unknown-fields"])
        errors.required(`${path}.type`, `must not be empty for specified ${as}`);
    } else if (!TYPES.includes(type)) errors.notSupported(`${path}.type`, type, TYPES);
  }

  #extensions(schema: JsonSchema, path: string): void {
    const errors = this.#errors;
    if (schema["x-kubernetes-preserve-unknown-fields"] === false)
      errors.invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, "must be true or undefined");
    if (schema["x-kubernetes-embedded-resource"]) {
      if (schema["type"] !== "object")
        errors.invalid(`${path}.type`, schema["type"] ?? "", "must be object if x-kubernetes-embedded-resource is true");
      if (!schema["properties"] && !schema["x-kubernetes-preserve-unknown-fields"]) {
        errors.required(
          `${path}.properties`,
          "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
        );
      }
    }
    if (schema["x-kubernetes-int-or-string"]) {
      for (const key of ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"])
        if (schema[key]) errors.invalid(`${path}.${key}`, true, "must be false if x-kubernetes-int-or-string is true");
    }
    if (schema["x-kubernetes-embedded-resource"] && schema["additionalProperties"] !== undefined)
      errors.forbidden(`${path}.additionalProperties`, "must not be used if x-kubernetes-embedded-resource is set");
  }

  /** Patterns compile; defaults are what the schema allows. */
  #values(schema: JsonSchema, path: string): void {
    const { pattern, default: value } = schema;
    if (pattern) {
      try {
        compilePattern(pattern);
      } catch (error) {
        this.#errors.invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${(error as Error).message}`);
      }
    }
    if (value === undefined) return;
    const structural = structuralOf(schema);
    const found = new FieldErrors();
    validateValue({ ...schema, default: undefined }, value, "", found);
    validateStructure(structural, value, "", found);
    if (isObject(value)) {
      const { unknown } = pruneObject(structural, structuredClone(value));
      if (unknown.length > 0) this.#errors.invalid(`${path}.default`, value, "must not have unknown fields");
    }
    for (const { message, type, field } of found.list) {
      this.#errors.list.push({ type, message, field: field === "" || field === "<nil>" ? `${path}.default` : `${path}.default.${field}` });
    }
  }

  #metadata(schema: JsonSchema, path: string): void {
    const { type, properties = {}, description: _, ...rest } = schema;
    const others = Object.keys(properties).filter((name) => name !== "name" && name !== "generateName");
    if (type !== "object") this.#errors.invalid(`${path}.type`, type ?? "", "must be object");
    if (others.length > 0 || Object.keys(rest).length > 0)
      this.#errors.forbidden(path, "must not specify anything other than name and generateName, but metadata is implicitly specified");
  }

  /** What judges may not define: every field it names must be defined beside it. */
  #logic(part: JsonSchema, beside: JsonSchema, path: string): void {
    const intOrString = beside["x-kubernetes-int-or-string"] === true;
    for (const [key, instead] of Object.entries(OUTSIDE_LOGIC)) {
      if (!isSaid(part[key]) || (key === "type" && intOrString)) continue;
      this.#errors.forbidden(`${path}.${key}`, `must be ${instead} to be structural`);
    }
    if (part["properties"]?.metadata) this.#errors.forbidden(`${path}.properties[metadata]`, "must not be specified in a nested context");
    for (const [name, property] of Object.entries((part["properties"] ?? {}) as Record<string, JsonSchema>)) {
      const defined = beside["properties"]?.[name];
      if (!defined) this.#errors.required(besidePath(path, `properties[${name}]`), `because it is defined in ${path}.properties[${name}]`);
      this.#logic(property, defined ?? {}, `${path}.properties[${name}]`);
    }
    if (isObject(part["items"])) {
      if (!beside["items"]) this.#errors.required(besidePath(path, "items"), `because it is defined in ${path}.items`);
      this.#logic(part["items"], (beside["items"] ?? {}) as JsonSchema, `${path}.items`);
    }
    for (const key of JUNCTIONS) {
      (part[key] as JsonSchema[] | undefined)?.forEach((inner, index) => {
        this.#logic(inner, beside, `${path}.${key}[${index}]`);
      });
    }
    if (isObject(part["not"])) this.#logic(part["not"], beside, `${path}.not`);
  }
}

const besidePath = (path: string, name: string): string => `${path.replace(/\.(?:allOf|anyOf|oneOf)\[\d+\].*$|\.not(\..*)?$/, "")}.${name}`;
