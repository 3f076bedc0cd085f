/** OpenAPI v2 (Swagger) of everything in one document, for clients that know no v3: the same operations and schemas in v2's words. */
import type { Registry, ResourceDefinition } from "../definition.ts";
import { type Operation, operationsOf } from "./operations.ts";
import { type Parameter, pathParameter, QUERY_PARAMETERS } from "./parameters.ts";
import { JSON_TYPES, patchTypesOf, type Refer, tagOf } from "./paths.ts";
import { rootForV2 } from "./v2-custom.ts";
import { Components, loadTexts, PREFIX } from "./v3.ts";

type Json = Record<string, unknown>;
const PREFIX_V2 = "#/definitions/";

export interface SwaggerDocument {
  swagger: "2.0";
  info: { title: string; version: string };
  paths: Record<string, Json>;
  definitions: Record<string, Json>;
}

export async function openApiV2(registry: Registry): Promise<SwaggerDocument> {
  const components = new Components(await loadTexts());
  const paths: Record<string, Json> = {};
  for (const def of registry.all()) Object.assign(paths, pathsOf(def, components.of(def)));
  const forV2 = (name: string, schema: Json) => schemaToV2(components.custom.has(name) ? rootForV2(schema) : schema);
  const definitions = Object.fromEntries([...components.schemas].map(([name, schema]) => [name, forV2(name, schema)]));
  return { swagger: "2.0", info: { title: "Kubernetes", version: "v1.33.1" }, paths, definitions };
}

function pathsOf(def: ResourceDefinition, refer: Refer): Record<string, Json> {
  const paths: Record<string, Json> = {};
  const referV2: Refer = (type) => schemaToV2(refer(type));
  for (const operation of operationsOf(def)) {
    const item = (paths[operation.path] ??= {
      parameters: [
        ...operation.inPath.map((name) => parameter(name, "path", pathParameter(name, operation.gvk.kind))),
        parameter("pretty", "query", QUERY_PARAMETERS["pretty"]!),
      ],
    });
    item[operation.method] = {
      description: operation.description,
      consumes: operation.method === "patch" ? patchTypesOf(def) : ["*/*"],
      produces: operation.reply ? JSON_TYPES : ["*/*"],
      schemes: ["https"],
      tags: [tagOf(def)],
      operationId: operation.id,
      parameters: parametersOf(operation, referV2),
      responses: responses(operation, referV2),
      "x-kubernetes-action": operation.action,
      "x-kubernetes-group-version-kind": operation.gvk,
    };
  }
  return paths;
}

function parametersOf({ body, method, query }: Operation, refer: Refer): Json[] {
  const inQuery = query.map((name) => parameter(name, "query", QUERY_PARAMETERS[name]!));
  if (!body) return inQuery;
  return [{ name: "body", in: "body", schema: refer(body), ...(method === "delete" ? {} : { required: true }) }, ...inQuery];
}

function parameter(name: string, place: "query" | "path", { type, description }: Parameter): Json {
  return { uniqueItems: true, type, description, name, in: place, ...(place === "path" ? { required: true } : {}) };
}

function responses({ reply, created, method }: Operation, refer: Refer): Json {
  const ok = (description: string): Json => ({ description, ...(reply ? { schema: refer(reply) } : {}) });
  return {
    200: ok("OK"),
    ...(created || method === "put" || method === "patch" ? { 201: ok("Created") } : {}),
    ...(created || method === "delete" ? { 202: ok("Accepted") } : {}),
    401: { description: "Unauthorized" },
  };
}

/** What v2 has no word for: a schema that says so would be refused by v2's readers. */
const UNKNOWN_TO_V2 = new Set(["oneOf", "anyOf", "not", "nullable"]);

/** A v3 schema in v2's words; a reference wrapped in allOf stands beside its siblings again, as v2's readers expect. */
export function schemaToV2(schema: Json): Json {
  const result: Json = {};
  for (const [key, value] of Object.entries(schema)) {
    // Several types cannot be said in v2: text is what all of them can be written as (IntOrString, Quantity).
    if (key === "oneOf" && schema["type"] === undefined) result["type"] = "string";
    if (UNKNOWN_TO_V2.has(key)) continue;
    if (key === "allOf" && Array.isArray(value)) {
      if (value.length === 1 && value[0].$ref) result["$ref"] = toV2Reference(value[0].$ref);
    } else if (key === "$ref") result[key] = toV2Reference(value as string);
    else if (key === "properties") result[key] = mapValues(value as Record<string, Json>, schemaToV2);
    else if ((key === "items" || key === "additionalProperties") && typeof value === "object") result[key] = schemaToV2(value as Json);
    else result[key] = value;
  }
  return result;
}

const toV2Reference = (reference: string): string => PREFIX_V2 + reference.slice(PREFIX.length);

function mapValues(map: Record<string, Json>, change: (value: Json) => Json): Record<string, Json> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}
