import type { Container, ContainerStatus, EphemeralContainer, Pod, PodStatus } from "@flotilla/api";

export const SOURCE_ANNOTATION = "kubernetes.io/config.source";
export const HASH_ANNOTATION = "kubernetes.io/config.hash";
export const SEEN_ANNOTATION = "kubernetes.io/config.seen";
export const MIRROR_ANNOTATION = "kubernetes.io/config.mirror";

export const DEFAULT_GRACE_S = 30;

/** "namespace/name" */
export const podKey = (pod: Pod): string => `${pod.metadata.namespace}/${pod.metadata.name}`;

/** name_namespace(uid), as upstream's messages name a pod. */
export const describePod = (pod: Pod): string => `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;

/** From a manifest of this machine, not from the API. */
export function isStaticPod(pod: Pod): boolean {
  const source = pod.metadata.annotations?.[SOURCE_ANNOTATION];
  return source !== undefined && source !== "api";
}

/** The API's copy of a static pod. */
export const isMirrorPod = (pod: Pod): boolean => pod.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined;

export const usesHostNetwork = (pod: Pod): boolean => pod.spec?.hostNetwork === true;

export const isTerminalPhase = (phase: string | undefined): boolean => phase === "Succeeded" || phase === "Failed";

/** An init container that keeps running beside the others (KEP-753). */
export const isSidecar = (container: Container): boolean => container.restartPolicy === "Always";

export const initContainers = (pod: Pod): Container[] => pod.spec?.initContainers ?? [];
export const mainContainers = (pod: Pod): Container[] => pod.spec?.containers ?? [];
/** Added to a running pod to look into it; started once, never again (KEP-277). */
export const ephemeralContainers = (pod: Pod): EphemeralContainer[] => pod.spec?.ephemeralContainers ?? [];
export const allContainers = (pod: Pod): Container[] => [...initContainers(pod), ...mainContainers(pod), ...ephemeralContainers(pod)];

export const allStatuses = ({ containerStatuses, initContainerStatuses, ephemeralContainerStatuses }: PodStatus): ContainerStatus[] => [
  ...(containerStatuses ?? []),
  ...(initContainerStatuses ?? []),
  ...(ephemeralContainerStatuses ?? []),
];

export function restartPolicyOf(pod: Pod, container: Container): "Always" | "OnFailure" | "Never" {
  if (ephemeralContainers(pod).includes(container)) return "Never";
  if (initContainers(pod).includes(container)) {
    if (isSidecar(container)) return "Always";
    return pod.spec?.restartPolicy === "Never" ? "Never" : "OnFailure";
  }
  return (pod.spec?.restartPolicy ?? "Always") as "Always" | "OnFailure" | "Never";
}

/** The field path events point to: spec.containers{name}. */
export function fieldPathOf(pod: Pod, container: Container): string {
  const named = (list: readonly Container[]) => list.some((c) => c.name === container.name);
  const list = named(initContainers(pod)) ? "initContainers" : named(ephemeralContainers(pod)) ? "ephemeralContainers" : "containers";
  return `spec.${list}{${container.name}}`;
}

/** Seconds a pod gets to end by itself: the deletion's period, else the spec's. */
export function gracePeriodOf(pod: Pod): number {
  const asked = pod.metadata.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_S;
  return Math.max(asked, 1);
}
