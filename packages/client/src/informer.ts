import type { LabelSelector, ResourceType } from "@flotilla/api";

/** Reads from an informer's cache; objects are shared, never mutate them. */
export interface Lister<T> {
  get(name: string, namespace?: string): T | undefined;
  list(filter?: { namespace?: string; selector?: LabelSelector }): T[];
  /** By an index named at creation (see InformerOptions.indexers). */
  byIndex(index: string, key: string): T[];
}

export interface EventHandler<T> {
  add?(object: T): void;
  update?(object: T, old: T): void;
  delete?(object: T): void;
}

export interface Informer<T> {
  readonly type: ResourceType<T>;
  readonly lister: Lister<T>;
  /** Handlers get an add for each object already known. */
  subscribe(handler: EventHandler<T>): () => void;
  /** List and watch until the signal aborts; reconnects by itself. */
  start(signal: AbortSignal): void;
  hasSynced(): boolean;
  /** Resolves after the first list has been delivered. */
  synced(): Promise<void>;
}

export interface InformerOptions<T> {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  indexers?: Record<string, (object: T) => string[]>;
}

/** One informer per resource and filter, shared by all who ask. */
export interface InformerFactory {
  informer<T>(type: ResourceType<T>, options?: InformerOptions<T>): Informer<T>;
  start(signal: AbortSignal): void;
  synced(): Promise<void>;
}
