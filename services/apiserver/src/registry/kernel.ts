import type { KubeObject, Registry, ResourceDefinition, WriteContext } from "@flotilla/api";
import { type Clock, type Logger, type Random, randomName, uuid } from "@flotilla/base";
import type { Admission } from "../admission/admission.ts";
import type { Authorizer } from "../authz/authorizer.ts";
import type { User } from "../request/call.ts";
import { Entry, encodeForStorage } from "../storage/entry.ts";
import type { ResourceCache } from "../storage/resource-cache.ts";
import type { Store } from "../storage/store.ts";
import type { StoreHooks } from "./hooks.ts";

/** What every registry operation works with. */
export interface Kernel {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly definitions: Registry;
  readonly store: Store;
  readonly admission: Admission;
  readonly authorizer: Authorizer;
  readonly hooks: StoreHooks;
  /** --min-request-timeout: a watch without timeoutSeconds ends after a random time from here to twice this, so that clients spread out. */
  readonly minRequestTimeout_seconds: number;
}

export function writeContext(kernel: Kernel, namespace: string, user: User | undefined): WriteContext {
  return {
    now_ms: kernel.clock.now(),
    newUid: () => uuid(kernel.random),
    randomSuffix: (length) => randomName(kernel.random, length),
    namespace,
    ...(user
      ? {
          user: {
            username: user.name,
            ...(user.uid ? { uid: user.uid } : {}),
            groups: [...user.groups],
            ...(user.extra ? { extra: user.extra as Record<string, string[]> } : {}),
          },
        }
      : {}),
  };
}

/** The folder of a kind's objects in the store; custom resources carry their group. */
export function storageName(def: ResourceDefinition): string {
  const { group, resource } = def.storage!;
  return def.custom ? `${group}.${resource}` : resource;
}

export const cacheOf = (kernel: Pick<Kernel, "store">, def: ResourceDefinition): ResourceCache => kernel.store.cache(storageName(def));

export function keyPrefix(def: ResourceDefinition, namespace: string): string {
  const root = `/registry/${storageName(def)}/`;
  return def.namespaced && namespace !== "" ? `${root}${namespace}/` : root;
}

export const keyOf = (def: ResourceDefinition, namespace: string, name: string): string => keyPrefix(def, namespace) + name;

const views = new WeakMap<ResourceDefinition, WeakMap<Entry, Entry>>();

/** The stored entry as this definition shows it; the same entry for the stored form itself. */
export function viewOf(def: ResourceDefinition, entry: Entry): Entry {
  const fromStored = def.storage?.fromStored;
  if (!fromStored) return entry;
  let known = views.get(def);
  if (!known) views.set(def, (known = new WeakMap()));
  let view = known.get(entry);
  if (!view) known.set(entry, (view = viewFrom(entry, fromStored(entry.object))));
  return view;
}

/** What needs no change is shown as it is stored. */
function viewFrom(entry: Entry, object: KubeObject): Entry {
  if (object === entry.object) return entry;
  return new Entry(entry.key, entry.revision, Buffer.from(JSON.stringify(object)), entry.lease, object);
}

/** Where another program converts, its answers have to be there before viewOf is called; undefined: nothing to wait for. */
export function prepareViews(def: ResourceDefinition, entries: Iterable<Entry>): Promise<void> | undefined {
  const { convert, fromStored } = def.storage ?? {};
  if (!convert || !fromStored) return undefined;
  let known = views.get(def);
  if (!known) views.set(def, (known = new WeakMap()));
  const missing = [...entries].filter((entry) => !known.has(entry));
  if (missing.length === 0) return undefined;
  return convert(
    missing.map(({ object }) => object),
    def.version,
  ).then((objects) => {
    for (const [index, entry] of missing.entries()) known.set(entry, viewFrom(entry, fromStored(objects[index]!)));
  });
}

/** viewOf for one entry that may have to be converted first. */
export async function preparedView(def: ResourceDefinition, entry: Entry): Promise<Entry> {
  await prepareViews(def, [entry]);
  return viewOf(def, entry);
}

/** Bytes to store for an object in this definition's form; a promise only where another program converts. */
export function storedBytes(def: ResourceDefinition, object: KubeObject): Buffer | Promise<Buffer> {
  const { storage } = def;
  if (!storage?.convert) return encodeForStorage(storage?.toStored?.(object) ?? object);
  return storage.convert([object], storage.version).then(([stored]) => encodeForStorage(stored!));
}
