import { isPodTerminal, type PersistentVolume, type PersistentVolumeClaim, type Pod } from "@flotilla/api";

export const CLAIM_FINALIZER = "kubernetes.io/pvc-protection";
export const VOLUME_FINALIZER = "kubernetes.io/pv-protection";

/** The claims that a pod names: its own, and those made for its ephemeral volumes. */
export function claimsOf(pod: Pod): string[] {
  return (pod.spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => [
    ...(persistentVolumeClaim ? [persistentVolumeClaim.claimName] : []),
    ...(ephemeral ? [`${pod.metadata.name}-${name}`] : []),
  ]);
}

/** A pod that has ended uses nothing any more. */
export const usesClaim = (pod: Pod, claim: string): boolean => !isPodTerminal(pod) && claimsOf(pod).includes(claim);

/** The finalizers to keep now that nothing is in use; undefined: there is nothing to change. */
export function released(
  { metadata }: Pick<PersistentVolumeClaim | PersistentVolume, "metadata">,
  finalizer: string,
  inUse: boolean,
): string[] | undefined {
  const present = metadata.finalizers ?? [];
  if (!metadata.deletionTimestamp || inUse || !present.includes(finalizer)) return undefined;
  return present.filter((one) => one !== finalizer);
}
