/** Paths of one kind: what kubectl looks for is the patch operation with fieldValidation and the group, version and kind. */
import type { ResourceDefinition } from "../definition.ts";

export const groupVersionKind = (def: ResourceDefinition) => ({ group: def.group, version: def.version, kind: def.kind });

const OPERATIONS: Record<string, [verb: string, action: string, onItem: boolean]> = {
  list: ["get", "list", false],
  create: ["post", "post", false],
  deletecollection: ["delete", "deletecollection", false],
  get: ["get", "get", true],
  update: ["put", "put", true],
  patch: ["patch", "patch", true],
  delete: ["delete", "delete", true],
};
const WRITES = new Set(["create", "update", "patch"]);
const QUERY = (name: string, description: string) => ({ name, in: "query", description, schema: { type: "string", uniqueItems: true } });

/** Path → path item, as OpenAPI v3 has it. */
export function pathsOf(def: ResourceDefinition): Record<string, Record<string, unknown>> {
  const root = def.group === "" ? `/api/${def.version}` : `/apis/${def.group}/${def.version}`;
  const collection = `${root}/${def.namespaced ? "namespaces/{namespace}/" : ""}${def.resource}`;
  const paths: Record<string, Record<string, unknown>> = {};
  for (const verb of def.verbs) {
    const operation = OPERATIONS[verb];
    if (!operation) continue;
    const [method, action, onItem] = operation;
    const path = onItem ? `${collection}/{name}` : collection;
    (paths[path] ??= { parameters: parameters(def, onItem) })[method] = {
      operationId: `${verb}${def.group}${def.version}${def.namespaced ? "Namespaced" : ""}${def.kind}`,
      parameters: WRITES.has(verb) ? writeParameters(verb) : [],
      responses: { 200: { description: "OK" }, 401: { description: "Unauthorized" } },
      "x-kubernetes-action": action,
      "x-kubernetes-group-version-kind": groupVersionKind(def),
    };
  }
  return paths;
}

function parameters(def: ResourceDefinition, onItem: boolean): object[] {
  const named = (name: string, description: string) => ({
    name,
    in: "path",
    required: true,
    description,
    schema: { type: "string", uniqueItems: true },
  });
  return [
    ...(onItem ? [named("name", `name of the ${def.kind}`)] : []),
    ...(def.namespaced ? [named("namespace", "object name and auth scope, such as for teams and projects")] : []),
    QUERY("pretty", "If 'true', then the output is pretty printed."),
  ];
}

function writeParameters(verb: string): object[] {
  const common = [
    QUERY("dryRun", "When present, indicates that modifications should not be persisted. Valid values: All."),
    QUERY("fieldManager", "The name associated with the actor or entity that is making these changes."),
    QUERY("fieldValidation", "What to do with unknown or duplicate fields: Ignore, Warn or Strict."),
  ];
  return verb === "patch"
    ? [
        ...common,
        {
          name: "force",
          in: "query",
          description: "Apply: take fields from other managers.",
          schema: { type: "boolean", uniqueItems: true },
        },
      ]
    : common;
}
