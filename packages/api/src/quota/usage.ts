/**
 * What one object uses of a ResourceQuota (upstream's pkg/quota/v1/evaluator/core). Shared by admission, which
 * charges it, and by the controller, which counts it again.
 */
import { isPodTerminal, podLimits, podRequests } from "../pod.ts";
import { addResourceLists, formatQuantity, parseQuantity, type ResourceList } from "../quantity.ts";
import type { KubeObject, PersistentVolumeClaim, Pod, PodSpec, Service } from "../types.ts";

/** A kind as quotas name it. */
export interface QuotaTarget {
  readonly group: string;
  readonly resource: string;
}

/** Kinds of the core group that a quota may also name without "count/". */
const PLAIN_COUNTS = new Set(["configmaps", "resourcequotas", "replicationcontrollers", "secrets"]);
/** Pod resources that a quota names without prefix; each is its request. */
const PLAIN_REQUESTS = new Set(["cpu", "memory", "ephemeral-storage"]);
const LIMITED = new Set(["cpu", "memory", "ephemeral-storage"]);
const CLASS_SUFFIX = ".storageclass.storage.k8s.io/";
const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";

/** "count/pods", "count/deployments.apps". */
export const countName = ({ group, resource }: QuotaTarget): string => `count/${group === "" ? resource : `${resource}.${group}`}`;

/** How much of each quota resource the object takes. */
export function quotaUsage(target: QuotaTarget, object: KubeObject, now_ms: number): ResourceList {
  const usage: ResourceList = { [countName(target)]: "1" };
  if (target.group !== "") return usage;
  if (PLAIN_COUNTS.has(target.resource)) usage[target.resource] = "1";
  switch (target.resource) {
    case "pods":
      return { ...usage, ...podUsage(object as unknown as Pod, now_ms) };
    case "services":
      return { ...usage, ...serviceUsage(object as unknown as Service) };
    case "persistentvolumeclaims":
      return { ...usage, ...claimUsage(object as unknown as PersistentVolumeClaim) };
    default:
      return usage;
  }
}

/** Whether objects of this kind can use the quota's resource `name` at all. */
export function usesQuotaResource(target: QuotaTarget, name: string): boolean {
  if (name === countName(target)) return true;
  if (target.group !== "") return false;
  switch (target.resource) {
    case "pods":
      return isPodResource(name);
    case "services":
      return name === "services" || name === "services.nodeports" || name === "services.loadbalancers";
    case "persistentvolumeclaims":
      return name === "persistentvolumeclaims" || name === "requests.storage" || name.includes(CLASS_SUFFIX);
    default:
      return PLAIN_COUNTS.has(target.resource) && name === target.resource;
  }
}

function isPodResource(name: string): boolean {
  if (name === "pods" || PLAIN_REQUESTS.has(name) || name.startsWith("hugepages-")) return true;
  const [, which, rest = ""] = /^(requests|limits)\.(.+)$/.exec(name) ?? [];
  if (which === "limits") return LIMITED.has(rest);
  return which === "requests" && (PLAIN_REQUESTS.has(rest) || rest.startsWith("hugepages-") || isExtended(rest));
}

/** "nvidia.com/gpu": outside of the kubernetes.io domain. */
const isExtended = (name: string): boolean => name.includes("/") && !name.includes("kubernetes.io/") && !name.startsWith("requests.");

/** A pod that has ended, or should have been gone by now, uses nothing but its place in the store. */
function podUsage(pod: Pod, now_ms: number): ResourceList {
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  const overdue =
    deletionTimestamp !== undefined &&
    deletionGracePeriodSeconds !== undefined &&
    now_ms > Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
  if (isPodTerminal(pod) || overdue || !pod.spec) return {};
  return { pods: "1", ...computeUsage(pod.spec) };
}

export const computeUsage = (spec: PodSpec): ResourceList => resourcesUsage(podRequests(spec), podLimits(spec));

/** Requests and limits under the names that quotas have for them. */
export function resourcesUsage(requests: ResourceList, limits: ResourceList): ResourceList {
  const usage: ResourceList = {};
  for (const [name, amount] of Object.entries(requests)) {
    if (PLAIN_REQUESTS.has(name) || name.startsWith("hugepages-")) usage[name] = amount;
    if (PLAIN_REQUESTS.has(name) || name.startsWith("hugepages-") || isExtended(name)) usage[`requests.${name}`] = amount;
  }
  for (const [name, amount] of Object.entries(limits)) if (LIMITED.has(name)) usage[`limits.${name}`] = amount;
  return usage;
}

function serviceUsage({ spec }: Service): ResourceList {
  const usage: ResourceList = { services: "1", "services.nodeports": "0", "services.loadbalancers": "0" };
  const ports = spec?.ports ?? [];
  if (spec?.type === "NodePort") usage["services.nodeports"] = String(ports.length);
  if (spec?.type === "LoadBalancer") {
    const own = spec.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => nodePort) : ports;
    usage["services.nodeports"] = String(own.length);
    usage["services.loadbalancers"] = "1";
  }
  return usage;
}

function claimUsage(claim: PersistentVolumeClaim): ResourceList {
  const storageClass = claim.metadata.annotations?.[CLASS_ANNOTATION] ?? claim.spec?.storageClassName ?? "";
  const usage: ResourceList = { persistentvolumeclaims: "1" };
  if (storageClass !== "") usage[`${storageClass}${CLASS_SUFFIX}persistentvolumeclaims`] = "1";
  const asked = claim.spec?.resources?.requests?.["storage"];
  if (asked === undefined) return usage;
  const bytes = wholeBytes(asked);
  usage["requests.storage"] = bytes;
  if (storageClass !== "") usage[`${storageClass}${CLASS_SUFFIX}requests.storage`] = bytes;
  return usage;
}

function wholeBytes(text: string): string {
  const { nanos, format } = parseQuantity(text);
  const unit = 1_000_000_000n;
  return formatQuantity({ nanos: ((nanos + unit - 1n) / unit) * unit, format });
}

/** Sum over many objects; every name of `hard` is there, with "0" where nothing uses it. */
export function sumUsage(hard: readonly string[], usages: Iterable<ResourceList>): ResourceList {
  let sum: ResourceList = Object.fromEntries(hard.map((name) => [name, "0"]));
  for (const usage of usages) sum = addResourceLists(sum, Object.fromEntries(Object.entries(usage).filter(([name]) => name in sum)));
  return sum;
}
