import type { KubeObject, ResourceDefinition } from "@flotilla/api";

/** Something claimed outside of the object itself (an address, a port): given back when the write fails. */
export interface Claim {
  release(): Promise<void>;
}

/** What a kind does around its writes besides what its definition says. All run for every replica's writes. */
export interface StoreHook {
  /** May fill fields of `object`; runs after validation, before the write. Not for dry runs. */
  beforeWrite?(object: KubeObject, old: KubeObject | undefined): Promise<Claim | undefined>;
  afterWrite?(object: KubeObject, old: KubeObject | undefined): Promise<void>;
  afterRemove?(object: KubeObject): Promise<void>;
  /** The store lease that new objects get. */
  lease?(object: KubeObject): Promise<string>;
}

/** Hooks by storage name. */
export type StoreHooks = ReadonlyMap<string, StoreHook>;

export const hookOf = (hooks: StoreHooks, def: ResourceDefinition): StoreHook | undefined => def.storage && hooks.get(def.storage.resource);
