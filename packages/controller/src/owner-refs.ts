import { apiVersionOf, controllerOf, type KubeObject, type OwnerReference, type ResourceType } from "@flotilla/api";

/** The reference a controller puts on what it creates (metav1.NewControllerRef). */
export function controllerRef(type: ResourceType<unknown>, owner: { metadata: { name?: string; uid?: string } }): OwnerReference {
  return {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    name: owner.metadata.name ?? "",
    uid: owner.metadata.uid ?? "",
    controller: true,
    blockOwnerDeletion: true,
  };
}

export interface Claims<T> {
  /** Ours already, and still matching. */
  owned: T[];
  /** Nobody's, and matching: to be adopted. */
  adopt: T[];
  /** Ours, but matching no more: to be released. */
  release: T[];
}

/**
 * Which objects a controller owns, may adopt and must let go (upstream's ControllerRefManager).
 * A controller that is being deleted adopts nothing and releases nothing.
 */
export function planClaims<T extends { metadata: KubeObject["metadata"] }>(
  owner: { metadata: KubeObject["metadata"] },
  matches: (labels: Record<string, string> | undefined) => boolean,
  candidates: T[],
): Claims<T> {
  const claims: Claims<T> = { owned: [], adopt: [], release: [] };
  const leaving = owner.metadata.deletionTimestamp !== undefined;
  for (const object of candidates) {
    const controller = controllerOf(object as unknown as KubeObject);
    const fits = matches(object.metadata.labels);
    if (controller) {
      if (controller.uid !== owner.metadata.uid) continue;
      if (fits) claims.owned.push(object);
      else if (!leaving) claims.release.push(object);
    } else if (fits && !leaving && object.metadata.deletionTimestamp === undefined) claims.adopt.push(object);
  }
  return claims;
}

/** Guarded by uid, so that a namesake is not adopted. */
export function adoptPatch(object: { metadata: { uid?: string } }, ref: OwnerReference): object {
  return { metadata: { uid: object.metadata.uid, ownerReferences: [ref] } };
}

export function releasePatch(object: { metadata: { uid?: string } }, ownerUid: string): object {
  return { metadata: { uid: object.metadata.uid, ownerReferences: [{ $patch: "delete", uid: ownerUid }] } };
}
