/** OpenAPI v2 (Swagger) for clients that know no v3. */
import type { Registry } from "../definition.ts";
import { pathsOf } from "./paths.ts";
import { addKind } from "./v3.ts";

export async function openApiV2(registry: Registry): Promise<object> {
  const definitions = new Map<string, Record<string, unknown>>();
  const paths: Record<string, object> = {};
  for (const def of registry.all()) {
    addKind(def, "#/definitions/", definitions);
    Object.assign(paths, pathsOf(def));
  }
  return { swagger: "2.0", info: { title: "Kubernetes", version: "v1.33.1" }, paths, definitions: Object.fromEntries(definitions) };
}
