import { type DaemonSet, findUntoleratedTaint, matchesNodeAffinity, type Node, type Taint, type Toleration } from "@flotilla/api";
import { daemonTemplate } from "./template.ts";

export interface Fit {
  shouldRun: boolean;
  /** A pod that is there may stay (a NoSchedule taint that came later does not drive it away). */
  mayStay: boolean;
}

/** Does the set want a pod on this node? */
export function fitNode(set: DaemonSet, node: Node): Fit {
  const { spec } = daemonTemplate(set);
  const none = { shouldRun: false, mayStay: false };
  if (spec!.nodeName && spec!.nodeName !== node.metadata.name) return none;
  if (!matchesNodeAffinity(spec!, node)) return none;
  const taints = (node.spec?.taints ?? []) as Taint[];
  const tolerations = spec!.tolerations as Toleration[];
  const shouldRun = findUntoleratedTaint(taints, tolerations, ["NoSchedule", "NoExecute"]) === undefined;
  return { shouldRun, mayStay: findUntoleratedTaint(taints, tolerations, ["NoExecute"]) === undefined };
}
