/** OpenAPI v3, one document per group and version (KEP-2896). */
import type { Registry, ResourceDefinition } from "../definition.ts";
import { groupVersionKind, pathsOf } from "./paths.ts";
import { addSchema, openApiName } from "./schema.ts";

const PREFIX = "#/components/schemas/";

export function openApiV3Index(registry: Registry): object {
  const paths: Record<string, object> = {};
  for (const { group, versions } of registry.groups()) {
    for (const version of versions) {
      const path = group === "" ? `api/${version}` : `apis/${group}/${version}`;
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash(registry.revision, path)}` };
    }
  }
  return { paths };
}

/** Changes with the registry, so that clients' caches of an older document are not used. */
function hash(revision: number, path: string): string {
  let value = 2166136261 ^ revision;
  for (const char of path) value = Math.imul(value ^ char.charCodeAt(0), 16777619);
  return (value >>> 0).toString(16).toUpperCase().padStart(8, "0");
}

export async function openApiV3(registry: Registry, group: string, version: string): Promise<object | undefined> {
  const definitions = registry.all().filter((def) => def.group === group && def.version === version);
  if (definitions.length === 0) return undefined;
  const schemas = new Map<string, Record<string, unknown>>();
  const paths: Record<string, object> = {};
  for (const def of definitions) {
    addKind(def, PREFIX, schemas);
    Object.assign(paths, pathsOf(def));
  }
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: "v1.33.1" },
    paths,
    components: { schemas: Object.fromEntries(schemas) },
  };
}

export function addKind(def: ResourceDefinition, prefix: string, schemas: Map<string, Record<string, unknown>>): void {
  addSchema(def.schema, prefix, schemas, () => undefined);
  schemas.get(openApiName(def.schema))!["x-kubernetes-group-version-kind"] = [groupVersionKind(def)];
}
