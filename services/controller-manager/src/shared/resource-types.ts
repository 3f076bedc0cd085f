import type { KubeObject, ResourceDefinition, ResourceType } from "@flotilla/api";
import * as api from "@flotilla/api";

const NAMED: readonly ResourceType<KubeObject>[] = Object.values(api).filter(isResourceType);

/** Every built-in resource that can be collected and cleaned up: a kind added to @flotilla/api is so by itself. */
export const ALL_TYPES: readonly ResourceType<KubeObject>[] = api
  .createBuiltinRegistry()
  .all()
  .filter(isCollectable)
  .map(({ group, version, resource, kind, namespaced }) => {
    const named = NAMED.find((type) => type.group === group && type.version === version && type.resource === resource);
    return named ?? { group, version, resource, kind, namespaced };
  });

/** Stored in this form, not a second view of what another resource stores. */
function isCollectable({ group, version, resource, storage, verbs }: ResourceDefinition): boolean {
  if (!storage || storage.group !== group || storage.resource !== resource || storage.version !== version) return false;
  return (["delete", "list", "watch"] as const).every((verb) => verbs.includes(verb));
}

function isResourceType(value: unknown): value is ResourceType<KubeObject> {
  const v = value as ResourceType | undefined;
  return (
    typeof v === "object" && v !== null && typeof v.resource === "string" && typeof v.namespaced === "boolean" && typeof v.kind === "string"
  );
}

export function typeOf(apiVersion: string, kind: string): ResourceType<KubeObject> | undefined {
  return ALL_TYPES.find((type) => type.kind === kind && api.apiVersionOf(type) === apiVersion);
}
