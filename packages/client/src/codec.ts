import { apiVersionOf, type KubeObject, type ResourceType } from "@flotilla/api";

const decoder = new TextDecoder();

export function decode<T>(bytes: Uint8Array): T {
  return JSON.parse(decoder.decode(bytes)) as T;
}

export function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Callers may leave apiVersion and kind out; on the wire they are required. */
export function withTypeMeta<T>(type: ResourceType<T>, object: T): T & KubeObject {
  const o = object as T & KubeObject;
  return o.apiVersion && o.kind ? o : { apiVersion: apiVersionOf(type), kind: type.kind, ...o };
}

/** Items of a list carry no type on the wire. */
export function typed<T>(type: ResourceType<T>, object: T): T {
  const o = object as KubeObject;
  o.apiVersion ??= apiVersionOf(type);
  o.kind ??= type.kind;
  return object;
}

export const PATCH_CONTENT_TYPES = {
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  json: "application/json-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

/** metav1.DeleteOptions as a body. */
export function deleteBody(options: { gracePeriodSeconds?: number; propagationPolicy?: string; preconditions?: object }): object {
  return {
    apiVersion: "v1",
    kind: "DeleteOptions",
    ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
    ...(options.propagationPolicy ? { propagationPolicy: options.propagationPolicy } : {}),
    ...(options.preconditions ? { preconditions: options.preconditions } : {}),
  };
}
