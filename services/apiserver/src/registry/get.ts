import type { ResourceDefinition } from "@flotilla/api";
import { type Call, entryReply, type Reply } from "../request/call.ts";
import { notFound } from "../request/errors.ts";
import type { Entry } from "../storage/entry.ts";
import { cacheOf, type Kernel, keyOf, preparedView } from "./kernel.ts";
import { parseRevision } from "./revision.ts";

export async function get(kernel: Kernel, call: Call, def: ResourceDefinition): Promise<Reply> {
  const entry = await getEntry(kernel, def, call.info.namespace, call.info.name, call.query.get("resourceVersion"));
  return entryReply(200, def, entry);
}

/**
 * The object as of now, or, with a resourceVersion, as of that version or any later one ("0": whatever is here).
 * @throws ApiError NotFound
 */
export async function getEntry(
  kernel: Kernel,
  def: ResourceDefinition,
  namespace: string,
  name: string,
  resourceVersion?: string | null,
): Promise<Entry> {
  const revision = parseRevision(resourceVersion);
  if (revision === undefined) await kernel.store.fresh();
  else if (revision > 0) await kernel.store.reach(revision);
  const entry = cacheOf(kernel, def).get(keyOf(def, namespace, name));
  if (!entry) throw notFound(def, name);
  return preparedView(def, entry);
}
