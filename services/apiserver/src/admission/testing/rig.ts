import { createBuiltinRegistry, type KubeObject } from "@flotilla/api";
import { type Entry, encodeForStorage, entryOfStored } from "../../storage/entry.ts";
import { ResourceCache } from "../../storage/resource-cache.ts";
import type { WriteResult } from "../../storage/store.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../admission.ts";

const DEFINITIONS = createBuiltinRegistry();

/** A store in memory: caches that are always up to date, and compare-and-swap. */
export class MemoryStore {
  private readonly caches = new Map<string, ResourceCache>();
  private revision = 1;
  writes = 0;

  cache(resource: string): ResourceCache {
    let cache = this.caches.get(resource);
    if (!cache) this.caches.set(resource, (cache = new ResourceCache(this.revision)));
    return cache;
  }

  async fresh(): Promise<void> {}

  async read(key: string): Promise<Entry | undefined> {
    await new Promise(setImmediate);
    return this.cache(key.split("/")[2]!).get(key);
  }

  async swap(key: string, revision: number, value: Buffer): Promise<WriteResult> {
    await new Promise(setImmediate);
    const cache = this.cache(key.split("/")[2]!);
    const current = cache.get(key);
    if ((current?.revision ?? 0) !== revision) return { ok: false, current };
    const entry = entryOfStored(key, value, ++this.revision);
    cache.put(entry);
    this.writes++;
    return { ok: true, entry };
  }

  /** Puts objects as if somebody had written them. */
  seed(resource: string, ...objects: object[]): this {
    for (const object of objects as KubeObject[]) {
      const { namespace, name } = object.metadata;
      const key = namespace ? `/registry/${resource}/${namespace}/${name}` : `/registry/${resource}/${name}`;
      this.cache(resource).put(entryOfStored(key, encodeForStorage(object), ++this.revision));
    }
    return this;
  }
}

export type What = Partial<Omit<AdmissionAttributes, "definition">> & { resource: string; group?: string; version?: string };

export function attributesFor({ resource, group = "", version = "v1", ...rest }: What): AdmissionAttributes {
  const definition = DEFINITIONS.find(group, version, resource);
  if (!definition) throw new Error(`no such resource: ${resource}`);
  return {
    operation: "CREATE",
    definition,
    namespace: definition.namespaced ? "ns" : "",
    name: "x",
    subresource: "",
    user: { name: "jane", groups: ["system:authenticated"] },
    dryRun: false,
    warnings: [],
    onFailure: [],
    annotations: {},
    ...rest,
  };
}

/** What the plug-in answers: "" when it lets the object through. The object is changed in place. */
export async function admit(plugin: AdmissionPlugin, what: What, object?: object, old?: object): Promise<string> {
  const attributes = attributesFor(what);
  try {
    if (object) await plugin.mutate?.(attributes, object as KubeObject, old as KubeObject | undefined);
    await plugin.validate?.(attributes, object as KubeObject | undefined, old as KubeObject | undefined);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}
