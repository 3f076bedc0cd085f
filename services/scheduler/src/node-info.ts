import type { Node, Pod } from "@flotilla/api";
import { type Amounts, addInto, allocatableOf, type PodAmounts, podAmounts } from "./resources.ts";

/** A pod on a node, with what it takes worked out once. */
export interface PlacedPod {
  pod: Pod;
  amounts: PodAmounts;
}

export interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

/**
 * One node with the pods that run there or were promised to it.
 * Invariant: `requested` and `estimated` are the sums over `pods`.
 */
export class NodeInfo {
  node: Node;
  allocatable: Amounts;
  readonly pods = new Map<string, PlacedPod>();
  readonly requested: Amounts = new Map();
  readonly estimated = { cpu: 0, memory: 0 };

  constructor(node: Node) {
    this.node = node;
    this.allocatable = allocatableOf(node);
  }

  get name(): string {
    return this.node.metadata.name!;
  }

  get labels(): Record<string, string> {
    return this.node.metadata.labels ?? {};
  }

  setNode(node: Node): void {
    this.node = node;
    this.allocatable = allocatableOf(node);
  }

  add(pod: Pod): void {
    const key = podKey(pod);
    this.remove(key);
    const placed = { pod, amounts: podAmounts(pod) };
    this.pods.set(key, placed);
    this.count(placed, 1);
  }

  remove(key: string): void {
    const placed = this.pods.get(key);
    if (!placed) return;
    this.pods.delete(key);
    this.count(placed, -1);
  }

  /** A copy without some pods: what preemption asks "what if" of. */
  without(keys: Iterable<string>): NodeInfo {
    const copy = new NodeInfo(this.node);
    const gone = new Set(keys);
    for (const [key, placed] of this.pods) {
      if (gone.has(key)) continue;
      copy.pods.set(key, placed);
      copy.count(placed, 1);
    }
    return copy;
  }

  private count({ amounts }: PlacedPod, sign: 1 | -1): void {
    addInto(this.requested, amounts.requested, sign);
    this.estimated.cpu += sign * amounts.estimated.cpu;
    this.estimated.memory += sign * amounts.estimated.memory;
  }
}

/** Identity of a pod: a new pod of the same name is another. */
export function podKey(pod: Pod): string {
  return pod.metadata.uid ?? `${pod.metadata.namespace}/${pod.metadata.name}`;
}

export function hostPortsOf(pod: Pod): HostPort[] {
  const containers = [...pod.spec!.containers, ...(pod.spec!.initContainers ?? []).filter((c) => c.restartPolicy === "Always")];
  return containers.flatMap((c) =>
    (c.ports ?? []).flatMap((p) => (p.hostPort ? [{ ip: p.hostIP || "0.0.0.0", protocol: p.protocol ?? "TCP", port: p.hostPort }] : [])),
  );
}
