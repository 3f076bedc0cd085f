/** Objects of built-in kinds on their way to the store, for tests of what their validation says. */
import type { ResourceDefinition, WriteContext } from "../../definition.ts";
import { cloneJson } from "../../json-equal.ts";
import { applyDefaults, beforeCreate, beforeUpdate } from "../../lifecycle.ts";
import { createBuiltinRegistry } from "../../registry.ts";
import { isApiError } from "../../status.ts";
import type { KubeObject } from "../../types.ts";

export type Tree = Record<string, unknown>;

const registry = createBuiltinRegistry();
export const context: WriteContext = { now_ms: 0, newUid: () => "uid-1", randomSuffix: () => "xxxxx", namespace: "default" };

export const defOf = (kind: string): ResourceDefinition => registry.all().findLast((def) => def.kind === kind)!;

/** `body` with metadata and defaults; its `name` is the object's. */
export function make(kind: string, body: Tree): KubeObject {
  const def = defOf(kind);
  const { name, metadata, ...rest } = cloneJson(body) as { name?: string; metadata?: Tree };
  const object = {
    ...rest,
    metadata: { name: name ?? "x", ...(def.namespaced ? { namespace: "default" } : {}), ...metadata },
  } as KubeObject;
  applyDefaults(def, object);
  return object;
}

/** What an Invalid says, as "field: message"; nothing where all is well. */
export function causesOf(act: () => unknown): string[] {
  try {
    act();
  } catch (error) {
    if (isApiError(error, "Invalid")) return error.status.details!.causes!.map(({ field, message }) => `${field}: ${message}`);
    throw error;
  }
  return [];
}

export const createCauses = (kind: string, body: Tree): string[] => causesOf(() => beforeCreate(defOf(kind), make(kind, body), context));

/** The object after `change`, and what validation said of it. */
export function update(kind: string, body: Tree, change: (object: any) => void, subresource?: string): { object: any; causes: string[] } {
  const def = defOf(kind);
  const old = make(kind, body);
  beforeCreate(def, old, context);
  const object = cloneJson(old);
  change(object);
  applyDefaults(def, object);
  return { object, causes: causesOf(() => beforeUpdate(def, subresource, object, old, context)) };
}
