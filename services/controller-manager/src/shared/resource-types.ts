import type { KubeObject, ResourceType } from "@flotilla/api";
import * as api from "@flotilla/api";

/** Every resource that @flotilla/api names: a kind added there is collected and cleaned up here by itself. */
export const ALL_TYPES: ResourceType<KubeObject>[] = Object.values(api).filter(isResourceType);

function isResourceType(value: unknown): value is ResourceType<KubeObject> {
  const v = value as ResourceType | undefined;
  return (
    typeof v === "object" && v !== null && typeof v.resource === "string" && typeof v.namespaced === "boolean" && typeof v.kind === "string"
  );
}

export function typeOf(apiVersion: string, kind: string): ResourceType<KubeObject> | undefined {
  return ALL_TYPES.find((t) => t.kind === kind && api.apiVersionOf(t) === apiVersion);
}
