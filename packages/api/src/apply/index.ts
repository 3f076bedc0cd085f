import type { ApplyRequest, Decoded, ManagedWrite, ResourceDefinition } from "../definition.ts";
import { apiError } from "../status.ts";
import type { KubeObject } from "../types.ts";

export function applyServerSide(_def: ResourceDefinition, _live: KubeObject | undefined, _request: ApplyRequest): Decoded {
  throw apiError("UnsupportedMediaType", "server-side apply is not served yet; use client-side apply");
}

export function trackManagedFields(_def: ResourceDefinition, _obj: KubeObject, _old: KubeObject | undefined, _write: ManagedWrite): void {}
