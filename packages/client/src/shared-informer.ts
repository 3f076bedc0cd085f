import type { KubeObject, ResourceType } from "@flotilla/api";
import type { EventHandler, Informer, InformerOptions, Lister } from "./informer.ts";
import { type ReflectorPorts, reflect } from "./reflector.ts";
import { objectKey, Store } from "./store.ts";

/**
 * One cache, any number of handlers.
 * Owns the store; the reflector owns the connection. Invariants:
 * 1. The store changes before handlers hear of it, so a handler's lister is never behind its event.
 * 2. Handlers run in order, one event at a time; one that throws does not starve the others.
 * 3. `synced` resolves after the first list's events were delivered.
 */
export class SharedInformer<T> implements Informer<T> {
  readonly type: ResourceType<T>;
  private readonly store = new Store<T>();
  private readonly handlers = new Set<EventHandler<T>>();
  private readonly ports: ReflectorPorts;
  private readonly options: InformerOptions<T>;
  private readonly firstList = Promise.withResolvers<void>();
  private state: "new" | "started" | "synced" = "new";

  constructor(ports: ReflectorPorts, type: ResourceType<T>, options: InformerOptions<T> = {}) {
    this.ports = ports;
    this.type = type;
    this.options = options;
    this.addIndexers(options.indexers ?? {});
  }

  get lister(): Lister<T> {
    return this.store;
  }

  addIndexers(indexers: NonNullable<InformerOptions<T>["indexers"]>): void {
    for (const [name, index] of Object.entries(indexers)) this.store.addIndexer(name, index);
  }

  subscribe(handler: EventHandler<T>): () => void {
    for (const object of this.store.list()) this.call(() => handler.add?.(object));
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  start(signal: AbortSignal): void {
    if (this.state !== "new") return;
    this.state = "started";
    const { namespace, labelSelector, fieldSelector } = this.options;
    const sink = { replace: (items: T[]) => this.replace(items), apply: this.apply };
    reflect(this.ports, this.type, { namespace, labelSelector, fieldSelector }, sink, signal).catch((error) =>
      this.ports.log.error("reflector stopped", { resource: this.type.resource, error }),
    );
  }

  hasSynced(): boolean {
    return this.state === "synced";
  }

  synced(): Promise<void> {
    return this.firstList.promise;
  }

  private replace(items: T[]): void {
    const gone = new Set(this.store.keys());
    for (const item of items) {
      gone.delete(objectKey((item as KubeObject).metadata));
      this.upsert(item);
    }
    for (const key of gone) this.drop(key);
    if (this.state === "synced") return;
    this.state = "synced";
    this.firstList.resolve();
  }

  private readonly apply = (type: "ADDED" | "MODIFIED" | "DELETED", object: T): void => {
    if (type === "DELETED") this.drop(objectKey((object as KubeObject).metadata), object);
    else this.upsert(object);
  };

  private upsert(object: T): void {
    const meta = (object as KubeObject).metadata;
    const known = (this.store.getByKey(objectKey(meta)) as KubeObject | undefined)?.metadata;
    if (known && known.resourceVersion === meta.resourceVersion) return;
    // Deleted and created again between two lists: handlers hear of both lives.
    if (known && known.uid !== meta.uid) this.drop(objectKey(meta));
    const old = this.store.set(object);
    for (const h of this.handlers) this.call(() => (old === undefined ? h.add?.(object) : h.update?.(object, old)));
  }

  private drop(key: string, last?: T): void {
    const old = this.store.remove(key);
    if (old === undefined) return;
    for (const h of this.handlers) this.call(() => h.delete?.(last ?? old));
  }

  private call(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.ports.log.error("event handler failed", { resource: this.type.resource, error });
    }
  }
}
