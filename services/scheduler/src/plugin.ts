import type { Namespace, Pod, ReplicaSet, Service } from "@flotilla/api";
import type { NodeInfo } from "./node-info.ts";
import type { PodAmounts } from "./resources.ts";

/** What happened in the cluster that may let a rejected pod fit. */
export type ClusterEvent = "node-added" | "node-changed" | "pod-added" | "pod-changed" | "pod-removed" | "service-changed";

/** Objects that plug-ins read besides nodes and pods. */
export interface Listers {
  services(namespace: string): Service[];
  replicaSet(namespace: string, name: string): ReplicaSet | undefined;
  namespace(name: string): Namespace | undefined;
}

/** One pod's way through the plug-ins. Nothing in it changes meanwhile. */
export interface Cycle {
  pod: Pod;
  amounts: PodAmounts;
  nodes: readonly NodeInfo[];
  listers: Listers;
}

export interface Rejection {
  /** In upstream's words: they are counted and shown to people. */
  reasons: string[];
  /** Removing pods from the node would not help, so preemption need not try. */
  unresolvable: boolean;
}

/** A plug-in at work on one pod; either part may be missing when it has nothing to say. */
export interface Instance {
  filter?(node: NodeInfo): Rejection | undefined;
  /** Any finite number; `normalize` brings a pod's scores into 0..100. */
  score?(node: NodeInfo): number;
  normalize?(scores: Map<NodeInfo, number>): void;
}

/** The one shape of every plug-in; the order and the weights stand in plugins/index.ts. */
export interface Plugin {
  name: string;
  /** After which events a pod that this plug-in rejected is worth another try. */
  retryOn: readonly ClusterEvent[];
  begin(cycle: Cycle): Instance;
}

export const MAX_SCORE = 100;

export const reject = (reason: string, unresolvable = false): Rejection => ({ reasons: [reason], unresolvable });

/** Stretches scores to 0..100 by the highest; `reverse` makes the highest the worst. */
export function normalizeByMax(scores: Map<NodeInfo, number>, reverse = false): void {
  const max = Math.max(0, ...scores.values());
  for (const [node, score] of scores) {
    const scaled = max === 0 ? 0 : Math.floor((score * MAX_SCORE) / max);
    scores.set(node, reverse ? MAX_SCORE - scaled : scaled);
  }
}
