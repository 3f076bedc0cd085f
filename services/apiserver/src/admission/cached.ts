import type { KubeObject, Namespace } from "@flotilla/api";
import type { ResourceCache } from "../storage/resource-cache.ts";

/** What admission needs of the store: what is there, and what is there for certain. */
export interface CacheReader {
  cache(resource: string): ResourceCache;
  /** Resolves when the caches hold every write acknowledged before this call. */
  fresh(): Promise<void>;
}

/** The objects of one kind in a namespace ("" for cluster-scoped kinds: all of them), in the order of their names. */
export function cachedObjects<T>(store: Pick<CacheReader, "cache">, resource: string, namespace: string): T[] {
  const cache = store.cache(resource);
  // Most clusters have none of most of these kinds.
  if (cache.size === 0) return [];
  const prefix = namespace === "" ? `/registry/${resource}/` : `/registry/${resource}/${namespace}/`;
  return Array.from(cache.scan(prefix), ({ object }) => object as unknown as T);
}

export function cachedObject<T = KubeObject>(
  store: Pick<CacheReader, "cache">,
  resource: string,
  namespace: string,
  name: string,
): T | undefined {
  const key = namespace === "" ? `/registry/${resource}/${name}` : `/registry/${resource}/${namespace}/${name}`;
  return store.cache(resource).get(key)?.object as unknown as T | undefined;
}

export const cachedNamespace = (store: Pick<CacheReader, "cache">, name: string): Namespace | undefined =>
  cachedObject<Namespace>(store, "namespaces", "", name);
