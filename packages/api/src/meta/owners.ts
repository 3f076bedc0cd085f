import { jsonEqual } from "../json-equal.ts";
import type { ObjectMeta } from "../types.ts";

/** Takes owners out that are named twice, word for word; yields the line for the Warning header. */
export function dedupeOwners(meta: ObjectMeta): string[] {
  const owners = meta.ownerReferences ?? [];
  const kept = owners.filter((owner, index) => owners.findIndex((other) => jsonEqual(other, owner)) === index);
  if (kept.length === owners.length) return [];
  const uids = new Set(owners.filter((owner, index) => owners.findIndex(({ uid }) => uid === owner.uid) < index).map(({ uid }) => uid));
  meta.ownerReferences = kept;
  const plea = "API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests";
  return [`.metadata.ownerReferences contains duplicate entries; ${plea}; duplicate UID(s) observed: ${[...uids].join(", ")}`];
}
