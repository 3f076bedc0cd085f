/** Paths of one kind as OpenAPI v3 has them. */
import type { ResourceDefinition } from "../definition.ts";
import { type Operation, operationsOf } from "./operations.ts";
import { type Parameter, pathParameter, QUERY_PARAMETERS } from "./parameters.ts";

export const JSON_TYPES = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"] as const;
const PATCH_TYPES = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
] as const;

/** Custom resources have no merge strategies; kubectl apply reads here which patch to send. */
export const patchTypesOf = ({ custom }: ResourceDefinition): readonly string[] =>
  custom ? PATCH_TYPES.filter((type) => !type.includes("strategic")) : PATCH_TYPES;

type Json = Record<string, unknown>;
/** Turns the type of a body into a reference to its schema. */
export type Refer = (type: string) => Json;

/** Path → path item. */
export function pathsOf(def: ResourceDefinition, refer: Refer): Record<string, Json> {
  const paths: Record<string, Json> = {};
  for (const operation of operationsOf(def)) {
    const item = (paths[operation.path] ??= { parameters: pathParameters(operation) });
    item[operation.method] = {
      tags: [tagOf(def)],
      description: operation.description,
      operationId: operation.id,
      parameters: operation.query.map((name) => parameter(name, "query", QUERY_PARAMETERS[name]!)),
      ...(operation.body ? { requestBody: requestBody(def, operation, refer) } : {}),
      responses: responses(operation, refer),
      "x-kubernetes-action": operation.action,
      "x-kubernetes-group-version-kind": operation.gvk,
    };
  }
  return paths;
}

export const tagOf = (def: ResourceDefinition): string =>
  `${def.group === "" ? "core" : def.group.replace(/\.k8s\.io$/, "").replace(/\W(\w)/g, (_, first) => first.toUpperCase())}_${def.version}`;

function pathParameters({ inPath, gvk }: Operation): Json[] {
  const named = inPath.map((name) => ({ ...parameter(name, "path", pathParameter(name, gvk.kind)), required: true }));
  return [...named, parameter("pretty", "query", QUERY_PARAMETERS["pretty"]!)];
}

const parameter = (name: string, place: "query" | "path", { type, description }: Parameter): Json => ({
  name,
  in: place,
  description,
  schema: { type, uniqueItems: true },
});

function requestBody(def: ResourceDefinition, { body, method }: Operation, refer: Refer): Json {
  const schema = refer(body!);
  const types = method === "patch" ? patchTypesOf(def) : JSON_TYPES;
  return { content: Object.fromEntries(types.map((type) => [type, { schema }])), ...(method === "delete" ? {} : { required: true }) };
}

function responses({ reply, created, method }: Operation, refer: Refer): Json {
  const ok = (description: string): Json => ({
    description,
    ...(reply ? { content: Object.fromEntries(JSON_TYPES.map((type) => [type, { schema: refer(reply) }])) } : {}),
  });
  return {
    200: ok("OK"),
    ...(created || method === "put" || method === "patch" ? { 201: ok("Created") } : {}),
    ...(created || method === "delete" ? { 202: ok("Accepted") } : {}),
    401: { description: "Unauthorized" },
  };
}
