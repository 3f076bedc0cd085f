/** What several components ask of a pod. Sources: upstream's api/v1/pod util, apis/core/v1/helper/qos, resource helpers. */
import { addResourceLists, maxResourceLists, parseQuantity, type ResourceList } from "./quantity.ts";
import type { Container, KubeObject, OwnerReference, Pod, PodSpec } from "./types.ts";

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

/** The condition of this type among status.conditions of any object. */
export function findCondition<C extends { type: string }>(conditions: readonly C[] | undefined, type: string): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isConditionTrue(conditions: readonly { type: string; status: string }[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === "True";
}

export const isPodReady = (pod: Pod): boolean => isConditionTrue(pod.status?.conditions, "Ready");

/** Ready for at least `minReadySeconds`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, now_ms: number): boolean {
  const ready = findCondition(pod.status?.conditions, "Ready");
  if (ready?.status !== "True") return false;
  if (minReadySeconds === 0) return true;
  return ready.lastTransitionTime !== undefined && Date.parse(ready.lastTransitionTime) + minReadySeconds * 1000 <= now_ms;
}

export const isPodTerminal = (pod: Pod): boolean => pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
export const isPodTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;
/** Neither finished nor on its way out: what a ReplicaSet counts. */
export const isPodActive = (pod: Pod): boolean => !isPodTerminal(pod) && !isPodTerminating(pod);

/** A static pod's copy in the API. */
export const isMirrorPod = (pod: Pod): boolean => pod.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined;

/** An init container that keeps running (KEP-753). */
export const isSidecar = (container: Container): boolean => container.restartPolicy === "Always";

/** The owner with controller: true. */
export function controllerOf(obj: KubeObject): OwnerReference | undefined {
  return obj.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

export const podRequests = (spec: PodSpec): ResourceList => podResources(spec, "requests");
export const podLimits = (spec: PodSpec): ResourceList => podResources(spec, "limits");

/**
 * What a pod needs of each resource: the sum of its containers and sidecars, or the biggest init container together
 * with the sidecars started before it, whichever is more; plus overhead.
 */
function podResources(spec: PodSpec, which: "requests" | "limits"): ResourceList {
  let running: ResourceList = {};
  for (const container of spec.containers) running = addResourceLists(running, container.resources?.[which] ?? {});
  let sidecars: ResourceList = {};
  let starting: ResourceList = {};
  for (const container of spec.initContainers ?? []) {
    const own = container.resources?.[which] ?? {};
    if (isSidecar(container)) {
      sidecars = addResourceLists(sidecars, own);
      starting = maxResourceLists(starting, sidecars);
    } else {
      starting = maxResourceLists(starting, addResourceLists(sidecars, own));
    }
  }
  const total = maxResourceLists(addResourceLists(running, sidecars), starting);
  return spec.overhead && (which === "requests" || Object.keys(total).length > 0) ? addOverhead(total, spec.overhead, which) : total;
}

/** Overhead counts against a limit only where one is set. */
function addOverhead(total: ResourceList, overhead: ResourceList, which: "requests" | "limits"): ResourceList {
  if (which === "requests") return addResourceLists(total, overhead);
  const counted = Object.fromEntries(Object.entries(overhead).filter(([name]) => total[name] !== undefined));
  return addResourceLists(total, counted);
}

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

/** Only cpu and memory count; all containers with limits equal to requests are Guaranteed. */
export function podQosClass(spec: PodSpec): QosClass {
  let any = false;
  let guaranteed = true;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    const requests = container.resources?.requests ?? {};
    const limits = container.resources?.limits ?? {};
    for (const name of ["cpu", "memory"]) {
      const request = nanosOf(requests[name]);
      const limit = nanosOf(limits[name]);
      if (request > 0n || limit > 0n) any = true;
      if (limit === 0n || (requests[name] !== undefined && request !== limit)) guaranteed = false;
    }
  }
  if (!any) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

const nanosOf = (text: string | undefined): bigint => (text ? parseQuantity(text).nanos : 0n);
