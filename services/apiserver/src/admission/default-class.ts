import type { KubeObject } from "@flotilla/api";
import { type CacheReader, cachedObjects } from "./cached.ts";

/** The class that one of the annotations marks as default; of several the newest, then the first by name. */
export function newestDefault(store: Pick<CacheReader, "cache">, resource: string, annotations: readonly string[]): string | undefined {
  const marked = cachedObjects<KubeObject>(store, resource, "").filter(({ metadata }) =>
    annotations.some((annotation) => metadata.annotations?.[annotation] === "true"),
  );
  const age = ({ metadata }: KubeObject) => Date.parse(metadata.creationTimestamp ?? "") || 0;
  return marked.sort((a, b) => age(b) - age(a) || (a.metadata.name! < b.metadata.name! ? -1 : 1))[0]?.metadata.name;
}
