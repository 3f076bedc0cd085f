import type { KubeObject, ResourceType } from "@flotilla/api";

/** What every component uses to talk to the API server, whatever the transport. Failures are ApiError. */
export interface ApiClient {
  get<T>(type: ResourceType<T>, name: string, options?: GetOptions): Promise<T>;
  list<T>(type: ResourceType<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /**
   * Events from `resourceVersion` on. The iterable ends when the server closes the
   * watch (reconnect from the last version seen); it throws ApiError Expired when
   * that version is gone (list again).
   */
  watch<T>(type: ResourceType<T>, options?: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create<T>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T>;
  /** Full replacement; metadata.resourceVersion set means "only if unchanged" (Conflict otherwise). */
  update<T>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T>;
  updateStatus<T>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T>(type: ResourceType<T>, name: string, patch: Patch, options?: PatchOptions): Promise<T>;
  /** POST to a subresource: pods/binding, pods/eviction, serviceaccounts/token. */
  createSubresource<R = KubeObject>(
    type: ResourceType<unknown>,
    name: string,
    subresource: string,
    body: unknown,
    options?: WriteOptions,
  ): Promise<R>;
  delete(type: ResourceType<unknown>, name: string, options?: DeleteOptions): Promise<void>;
  deleteCollection(type: ResourceType<unknown>, options?: DeleteOptions & ListOptions): Promise<void>;
  close(): void;
}

export interface GetOptions {
  namespace?: string;
  signal?: AbortSignal;
}

export interface ListOptions {
  /** Absent: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** "0" lets the server answer from its watch cache. */
  resourceVersion?: string;
  limit?: number;
  continue?: string;
  signal?: AbortSignal;
}

export interface WatchOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  resourceVersion?: string;
  allowBookmarks?: boolean;
  timeout_seconds?: number;
  signal?: AbortSignal;
}

export interface WriteOptions {
  /** Default: the object's own metadata.namespace. */
  namespace?: string;
  subresource?: string;
  fieldManager?: string;
  signal?: AbortSignal;
}

export interface PatchOptions extends WriteOptions {
  force?: boolean;
}

export type Patch =
  | { type: "merge"; body: unknown }
  | { type: "strategic"; body: unknown }
  | { type: "json"; body: unknown[] }
  | { type: "apply"; body: unknown };

export interface DeleteOptions {
  namespace?: string;
  gracePeriodSeconds?: number;
  propagationPolicy?: "Foreground" | "Background" | "Orphan";
  preconditions?: { uid?: string; resourceVersion?: string };
  signal?: AbortSignal;
}

export interface ObjectList<T> {
  resourceVersion: string;
  continue?: string;
  items: T[];
}

export type WatchEvent<T> = { type: "ADDED" | "MODIFIED" | "DELETED"; object: T } | { type: "BOOKMARK"; resourceVersion: string };
