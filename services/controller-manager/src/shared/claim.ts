import { type KubeObject, type LabelSelector, matchesLabelSelector, type ResourceType } from "@flotilla/api";
import type { ApiClient } from "@flotilla/client";
import { adoptPatch, controllerRef, planClaims, releasePatch } from "@flotilla/controller";

type Meta = { metadata: KubeObject["metadata"] };

/**
 * Adopts and releases as `planClaims` says; returns what is owned afterwards.
 * Before adopting it asks the server itself whether the owner still lives: a cache could be behind.
 */
export async function claim<O extends Meta, T extends Meta>(
  ports: { client: ApiClient },
  ownerType: ResourceType<O>,
  owner: O,
  selector: LabelSelector | undefined,
  type: ResourceType<T>,
  candidates: T[],
): Promise<T[]> {
  const { client } = ports;
  const claims = planClaims(owner, (labels) => matchesLabelSelector(selector, labels), candidates);
  const { namespace, uid } = owner.metadata;
  for (const object of claims.release) {
    await client.patch(type, object.metadata.name!, { type: "strategic", body: releasePatch(object, uid!) }, { namespace });
  }
  if (claims.adopt.length === 0) return claims.owned;
  const fresh = await client.get(ownerType, owner.metadata.name!, { namespace });
  if (fresh.metadata.uid !== uid || fresh.metadata.deletionTimestamp !== undefined) return claims.owned;
  const adopted: T[] = [];
  for (const object of claims.adopt) {
    const body = adoptPatch(object, controllerRef(ownerType, owner));
    adopted.push(await client.patch(type, object.metadata.name!, { type: "strategic", body }, { namespace }));
  }
  return [...claims.owned, ...adopted];
}
