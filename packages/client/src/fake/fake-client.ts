import { apiError, apiVersionOf, type KubeObject, parseLabelSelector, type ResourceType } from "@flotilla/api";
import { type Clock, type Random, randomName, rfc3339, seededRandom, uuid } from "@flotilla/base";
import type {
  ApiClient,
  DeleteOptions,
  GetOptions,
  ListOptions,
  ObjectList,
  Patch,
  PatchOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "../client.ts";
import { objectKey } from "../store.ts";
import { matchesFields } from "./field-selector.ts";
import { deletionOf, withoutStatusChange } from "./lifecycle.ts";
import { applyPatch } from "./patches.ts";
import { WatchHub } from "./watch-hub.ts";

/** One call the code under test made, in order. */
export interface FakeAction {
  verb: "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "deletecollection";
  resource: string;
  subresource?: string;
  namespace?: string;
  name?: string;
  /** What was sent: object, patch or delete options. */
  body?: any;
}

/** Looks at a call before it happens: throw to fail it, return an object to answer it, return undefined to let it pass. */
export type Reactor = (action: FakeAction) => unknown;

/**
 * An API server in memory for tests, behind ApiClient.
 *
 *   const api = new FakeApiClient(clock);
 *   api.seed(Pods, { metadata: { name: "a", namespace: "default" }, … }); // as if created
 *   api.get/list/watch/create/update/patch/…                              // ApiClient, with conflicts, selectors, watches
 *   api.all(Pods)                                                         // the stored objects (copies)
 *   api.writes("pods")                                                    // calls that were no reads
 *   api.react("create", "pods", () => { throw apiError("Forbidden", "quota") });
 *   api.disconnectWatches(); api.compact();                               // watches end; old versions are Expired
 *
 * True to the real one: resourceVersion (global, rising), uid, creationTimestamp, generation (rises when
 * something outside metadata and status changes), generateName, AlreadyExists, NotFound, Conflict,
 * status written only through "status", finalizers and graceful pod deletion (deletionTimestamp first),
 * label and field selectors, pods/binding, pods/eviction. Not true: no defaulting, no validation, no garbage collection.
 */
export class FakeApiClient implements ApiClient {
  readonly actions: FakeAction[] = [];
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly tables = new Map<string, Map<string, KubeObject>>();
  private readonly hubs = new Map<string, WatchHub>();
  private readonly reactors: { verb: string; resource: string; fn: Reactor }[] = [];
  private version = 1;

  constructor(clock: Clock, random: Random = seededRandom(1)) {
    this.clock = clock;
    this.random = random;
  }

  /** Puts objects in with their status, as if they had always been there. */
  seed<T>(type: ResourceType<T>, ...objects: T[]): T[] {
    return objects.map((object) => structuredClone(this.insert(type, object as KubeObject)) as T);
  }

  /** `verb` and `resource` may be "*". The newest reactor is asked first. @returns a function that removes it */
  react(verb: FakeAction["verb"] | "*", resource: string, fn: Reactor): () => void {
    const entry = { verb, resource, fn };
    this.reactors.unshift(entry);
    return () => this.reactors.splice(this.reactors.indexOf(entry), 1);
  }

  all<T>(type: ResourceType<T>, namespace?: string): T[] {
    const objects = [...this.table(type).values()];
    return objects.filter((o) => namespace === undefined || o.metadata.namespace === namespace).map((o) => structuredClone(o) as T);
  }

  writes(resource?: string): FakeAction[] {
    return this.actions.filter((a) => !["get", "list", "watch"].includes(a.verb) && (resource === undefined || a.resource === resource));
  }

  disconnectWatches(): void {
    for (const hub of this.hubs.values()) hub.disconnect();
  }

  compact(): void {
    for (const hub of this.hubs.values()) hub.compact(this.version);
  }

  async get<T>(type: ResourceType<T>, name: string, options: GetOptions = {}): Promise<T> {
    const { answer } = this.record({ verb: "get", resource: type.resource, namespace: options.namespace, name });
    return structuredClone((answer ?? this.must(type, name, options.namespace)) as T);
  }

  async list<T>(type: ResourceType<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    this.record({ verb: "list", resource: type.resource, namespace: options.namespace });
    return { resourceVersion: String(this.version), items: this.select(type, options) as T[] };
  }

  async *watch<T>(type: ResourceType<T>, options: WatchOptions = {}): AsyncGenerator<WatchEvent<T>> {
    this.record({ verb: "watch", resource: type.resource, namespace: options.namespace });
    const fresh = !options.resourceVersion || options.resourceVersion === "0";
    const from = fresh ? this.version : Number(options.resourceVersion);
    // What this watch has shown: an object that stops matching is DELETED to it.
    const shown = new Set(this.select(type, options).map((o) => objectKey(o.metadata)));
    const events = this.hub(type).follow(from, options.signal);
    if (fresh) for (const object of this.select(type, options)) yield { type: "ADDED", object: object as T };
    for await (const event of events) {
      if (event.type === "BOOKMARK") continue;
      const key = objectKey(event.object.metadata);
      const known = shown.has(key) || !hasFilter(options);
      if (event.type !== "DELETED" && matches(event.object, options)) {
        const type = event.type === "MODIFIED" && !known ? "ADDED" : event.type;
        shown.add(key);
        yield { type, object: event.object };
      } else if (inNamespace(event.object, options) && known) {
        shown.delete(key);
        yield { type: "DELETED", object: event.object };
      }
    }
  }

  async create<T>(type: ResourceType<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const copy = structuredClone(object) as KubeObject;
    if (type.namespaced) copy.metadata.namespace = options.namespace ?? copy.metadata.namespace ?? "default";
    copy.metadata.name ??= `${copy.metadata.generateName}${randomName(this.random)}`;
    const { namespace, name } = copy.metadata;
    const { answer } = this.record({ verb: "create", resource: type.resource, namespace, name, body: structuredClone(copy) });
    return structuredClone((answer ?? this.insert(type, copy)) as T);
  }

  update<T>(type: ResourceType<T>, object: T, options: WriteOptions = {}): Promise<T> {
    return this.replace(type, object as KubeObject, options.subresource, options.namespace) as Promise<T>;
  }

  updateStatus<T>(type: ResourceType<T>, object: T, options: WriteOptions = {}): Promise<T> {
    return this.replace(type, object as KubeObject, "status", options.namespace) as Promise<T>;
  }

  async patch<T>(type: ResourceType<T>, name: string, patch: Patch, options: PatchOptions = {}): Promise<T> {
    const { namespace, subresource } = options;
    const { answer } = this.record({ verb: "patch", resource: type.resource, subresource, namespace, name, body: patch.body });
    if (answer) return structuredClone(answer as T);
    if (patch.type === "apply" && !this.find(type, name, namespace)) {
      return structuredClone(this.insert(type, patch.body as KubeObject) as T);
    }
    const old = this.must(type, name, namespace);
    return structuredClone(this.store(type, old, applyPatch(old, patch), subresource) as T);
  }

  async createSubresource<R = KubeObject>(
    type: ResourceType<unknown>,
    name: string,
    subresource: string,
    body: any,
    options: WriteOptions = {},
  ): Promise<R> {
    const { namespace } = options;
    const { answer } = this.record({ verb: "create", resource: type.resource, subresource, namespace, name, body });
    if (answer) return answer as R;
    const old = this.must(type, name, namespace);
    if (subresource === "binding") {
      if ((old as any).spec?.nodeName)
        throw apiError("Conflict", `pod ${name} is already assigned to node "${(old as any).spec.nodeName}"`);
      const spec = { ...(old["spec"] as object), nodeName: body.target.name };
      this.store(type, old, { ...structuredClone(old), spec });
    } else if (subresource === "eviction") this.remove(type, old, body?.deleteOptions ?? {});
    else if (subresource === "token") return { status: { token: `token-of-${namespace}-${name}` } } as R;
    else throw apiError("NotFound", `${type.resource}/${subresource} not found`);
    return body as R;
  }

  async delete(type: ResourceType<unknown>, name: string, options: DeleteOptions = {}): Promise<void> {
    const { namespace, signal: _, ...body } = options;
    const { answer } = this.record({ verb: "delete", resource: type.resource, namespace, name, body });
    if (answer) return;
    const old = this.must(type, name, namespace);
    const { uid, resourceVersion } = options.preconditions ?? {};
    if ((uid && uid !== old.metadata.uid) || (resourceVersion && resourceVersion !== old.metadata.resourceVersion)) {
      throw apiError("Conflict", `Precondition failed: ${type.resource} "${name}" has changed`);
    }
    this.remove(type, old, options);
  }

  async deleteCollection(type: ResourceType<unknown>, options: DeleteOptions & ListOptions = {}): Promise<void> {
    const { answer } = this.record({ verb: "deletecollection", resource: type.resource, namespace: options.namespace });
    if (answer) return;
    for (const object of this.select(type, options)) {
      const stored = this.find(type, object.metadata.name!, object.metadata.namespace);
      if (stored) this.remove(type, stored, options);
    }
  }

  close(): void {}

  private async replace(type: ResourceType<unknown>, object: KubeObject, subresource?: string, ns?: string): Promise<KubeObject> {
    const { name, resourceVersion } = object.metadata;
    const namespace = ns ?? object.metadata.namespace;
    const body = structuredClone(object);
    const { answer } = this.record({ verb: "update", resource: type.resource, subresource, namespace, name, body });
    if (answer) return answer as KubeObject;
    const old = this.must(type, name ?? "", namespace);
    if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) {
      const message = `Operation cannot be fulfilled on ${type.resource} "${name}": the object has been modified; please apply your changes to the latest version and try again`;
      throw apiError("Conflict", message, { name, kind: type.resource });
    }
    return structuredClone(this.store(type, old, body, subresource));
  }

  private record(action: FakeAction): { answer: unknown } {
    this.actions.push(action);
    for (const { verb, resource, fn } of this.reactors) {
      if ((verb !== "*" && verb !== action.verb) || (resource !== "*" && resource !== action.resource)) continue;
      const answer = fn(action);
      if (answer !== undefined) return { answer };
    }
    return { answer: undefined };
  }

  private insert(type: ResourceType<unknown>, object: KubeObject): KubeObject {
    const copy = structuredClone(object);
    const key = objectKey(copy.metadata);
    if (this.table(type).has(key)) {
      throw apiError("AlreadyExists", `${type.resource} "${copy.metadata.name}" already exists`, {
        name: copy.metadata.name,
        kind: type.resource,
      });
    }
    const stamped = {
      uid: uuid(this.random),
      creationTimestamp: rfc3339(this.clock.now()),
      generation: 1,
      ...copy.metadata,
      resourceVersion: String(++this.version),
    };
    const stored = { apiVersion: apiVersionOf(type), kind: type.kind, ...copy, metadata: stamped };
    this.put(type, stored, "ADDED");
    return stored;
  }

  private store(type: ResourceType<unknown>, old: KubeObject, next: KubeObject, subresource?: string): KubeObject {
    const merged = withoutStatusChange(old, next, subresource);
    if (JSON.stringify(merged) === JSON.stringify(old)) return old;
    merged.metadata.resourceVersion = String(++this.version);
    const { deletionTimestamp, finalizers, deletionGracePeriodSeconds } = merged.metadata;
    const held = [...(finalizers ?? []), ...((merged["spec"] as { finalizers?: string[] } | undefined)?.finalizers ?? [])];
    if (deletionTimestamp && held.length === 0 && !deletionGracePeriodSeconds) {
      this.table(type).delete(objectKey(merged.metadata));
      this.hub(type).publish(this.version, { type: "DELETED", object: merged });
    } else this.put(type, merged, "MODIFIED");
    return merged;
  }

  private remove(type: ResourceType<unknown>, old: KubeObject, options: DeleteOptions): void {
    const marked = deletionOf(type, old, options, this.clock.now());
    if (marked === "unchanged") return;
    if (marked !== "now") {
      marked.metadata.resourceVersion = String(++this.version);
      this.put(type, marked, "MODIFIED");
      return;
    }
    this.table(type).delete(objectKey(old.metadata));
    const last = structuredClone(old);
    last.metadata.resourceVersion = String(++this.version);
    this.hub(type).publish(this.version, { type: "DELETED", object: last });
  }

  private put(type: ResourceType<unknown>, object: KubeObject, event: "ADDED" | "MODIFIED"): void {
    this.table(type).set(objectKey(object.metadata), object);
    this.hub(type).publish(this.version, { type: event, object: structuredClone(object) });
  }

  private select(type: ResourceType<unknown>, options: ListOptions): KubeObject[] {
    return [...this.table(type).values()].filter((o) => matches(o, options)).map((o) => structuredClone(o));
  }

  private find(type: ResourceType<unknown>, name: string, namespace?: string): KubeObject | undefined {
    return this.table(type).get(objectKey({ name, namespace: type.namespaced ? (namespace ?? "default") : undefined }));
  }

  private must(type: ResourceType<unknown>, name: string, namespace?: string): KubeObject {
    const found = this.find(type, name, namespace);
    if (!found) throw apiError("NotFound", `${type.resource} "${name}" not found`, { name, kind: type.resource, group: type.group });
    return found;
  }

  private table(type: ResourceType<unknown>): Map<string, KubeObject> {
    const key = `${type.group}/${type.resource}`;
    let table = this.tables.get(key);
    if (!table) this.tables.set(key, (table = new Map()));
    return table;
  }

  private hub(type: ResourceType<unknown>): WatchHub {
    const key = `${type.group}/${type.resource}`;
    let hub = this.hubs.get(key);
    if (!hub) this.hubs.set(key, (hub = new WatchHub()));
    return hub;
  }
}

function matches(object: KubeObject, options: ListOptions): boolean {
  if (!inNamespace(object, options) || !matchesFields(options.fieldSelector, object)) return false;
  return !options.labelSelector || parseLabelSelector(options.labelSelector).matches(object.metadata.labels);
}

function inNamespace(object: KubeObject, options: ListOptions): boolean {
  return !options.namespace || object.metadata.namespace === options.namespace;
}

function hasFilter(options: ListOptions): boolean {
  return Boolean(options.labelSelector || options.fieldSelector);
}
