import { type KubeObject, type LabelSelector, matchesLabelSelector } from "@flotilla/api";
import type { Lister } from "./informer.ts";

export type IndexFunction<T> = (object: T) => string[];

/** "namespace/name", or the bare name of a cluster-scoped object. */
export function objectKey(meta: { name?: string; namespace?: string }): string {
  return meta.namespace ? `${meta.namespace}/${meta.name}` : (meta.name ?? "");
}

export function splitKey(key: string): { namespace?: string; name: string } {
  const at = key.indexOf("/");
  return at < 0 ? { name: key } : { namespace: key.slice(0, at), name: key.slice(at + 1) };
}

const NAMESPACE = " namespace";

/**
 * An informer's cache.
 * Owns the objects and their indexes. Invariant: an object is in exactly the index
 * entries its index functions name, and empty entries are removed.
 */
export class Store<T> implements Lister<T> {
  private readonly objects = new Map<string, T>();
  private readonly indexers = new Map<string, IndexFunction<T>>();
  private readonly indexes = new Map<string, Map<string, Map<string, T>>>();

  constructor() {
    this.addIndexer(NAMESPACE, (object) => [meta(object).namespace ?? ""]);
  }

  /** An index may come after the objects. */
  addIndexer(name: string, index: IndexFunction<T>): void {
    if (this.indexers.has(name)) return;
    this.indexers.set(name, index);
    const entries = new Map<string, Map<string, T>>();
    this.indexes.set(name, entries);
    for (const [key, object] of this.objects) insert(entries, index(object), key, object);
  }

  get size(): number {
    return this.objects.size;
  }

  keys(): IterableIterator<string> {
    return this.objects.keys();
  }

  getByKey(key: string): T | undefined {
    return this.objects.get(key);
  }

  set(object: T): T | undefined {
    const key = objectKey(meta(object));
    const old = this.remove(key);
    this.objects.set(key, object);
    for (const [name, index] of this.indexers) insert(this.indexes.get(name)!, index(object), key, object);
    return old;
  }

  remove(key: string): T | undefined {
    const old = this.objects.get(key);
    if (old === undefined) return undefined;
    this.objects.delete(key);
    for (const [name, index] of this.indexers) {
      const entries = this.indexes.get(name)!;
      for (const value of index(old)) {
        const members = entries.get(value);
        members?.delete(key);
        if (members?.size === 0) entries.delete(value);
      }
    }
    return old;
  }

  get(name: string, namespace?: string): T | undefined {
    return this.objects.get(objectKey({ name, namespace }));
  }

  list(filter: { namespace?: string; selector?: LabelSelector } = {}): T[] {
    const { namespace, selector } = filter;
    const candidates = namespace === undefined ? this.objects.values() : this.byIndex(NAMESPACE, namespace).values();
    const all = [...candidates];
    return selector ? all.filter((o) => matchesLabelSelector(selector, meta(o).labels)) : all;
  }

  byIndex(index: string, key: string): T[] {
    const entries = this.indexes.get(index);
    if (!entries) throw new Error(`no index named ${index}`);
    return [...(entries.get(key)?.values() ?? [])];
  }
}

const meta = (object: unknown) => (object as KubeObject).metadata;

function insert<T>(entries: Map<string, Map<string, T>>, values: string[], key: string, object: T): void {
  for (const value of values) {
    let members = entries.get(value);
    if (!members) entries.set(value, (members = new Map()));
    members.set(key, object);
  }
}
