import { isPodTerminal, type Node, type Pod } from "@flotilla/api";

const OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";

export interface GcPlan {
  /** Finished pods beyond the threshold, oldest first. */
  terminated: Pod[];
  /** On nodes that are not in the cache: to be confirmed before they are deleted. */
  orphaned: Pod[];
  /** Deleted before they were ever placed: no kubelet will end them. */
  unscheduledTerminating: Pod[];
  /** Terminating on a node that an administrator declared out of service. */
  outOfService: Pod[];
}

export function planPodGc(pods: Pod[], nodes: Map<string, Node>, terminatedThreshold: number): GcPlan {
  const finished = pods.filter((p) => isPodTerminal(p) && !p.metadata.deletionTimestamp);
  const surplus = terminatedThreshold > 0 ? Math.max(0, finished.length - terminatedThreshold) : 0;
  const oldest = [...finished].sort((a, b) => (a.metadata.creationTimestamp ?? "").localeCompare(b.metadata.creationTimestamp ?? ""));
  const terminating = pods.filter((p) => p.metadata.deletionTimestamp !== undefined);
  return {
    terminated: oldest.slice(0, surplus),
    orphaned: pods.filter((p) => p.spec?.nodeName && !nodes.has(p.spec.nodeName)),
    unscheduledTerminating: terminating.filter((p) => !p.spec?.nodeName),
    outOfService: terminating.filter((p) => nodes.get(p.spec?.nodeName ?? "")?.spec?.taints?.some((t) => t.key === OUT_OF_SERVICE)),
  };
}
