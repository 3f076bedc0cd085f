import type { KubeObject, ResourceDefinition } from "@flotilla/api";
import { conflict, MODIFIED, notFound } from "../request/errors.ts";
import type { Entry } from "../storage/entry.ts";
import { cacheOf, type Kernel, keyOf, storedBytes } from "./kernel.ts";

const RACES_MAX = 50;

/**
 * The server's own change of a stored object: no strategy, no admission. `change`
 * yields the new object, or undefined to leave it; it may be called again and must not change its argument.
 */
export async function modifyStored(
  kernel: Pick<Kernel, "store">,
  def: ResourceDefinition,
  namespace: string,
  name: string,
  change: (current: KubeObject) => KubeObject | undefined,
): Promise<Entry> {
  const key = keyOf(def, namespace, name);
  let stored = cacheOf(kernel, def).get(key);
  let current = stored === undefined;
  if (current) stored = await kernel.store.read(key);
  for (let race = 0; race < RACES_MAX; race++) {
    if (!stored) throw notFound(def, name);
    try {
      const object = change(stored.object);
      if (!object) return stored;
      const result = await kernel.store.swap(key, stored.revision, await storedBytes(def, object), stored.lease);
      if (result.ok) return result.entry;
      stored = result.current;
    } catch (error) {
      if (current) throw error;
      stored = await kernel.store.read(key);
    }
    current = true;
  }
  throw conflict(def, name, MODIFIED);
}
