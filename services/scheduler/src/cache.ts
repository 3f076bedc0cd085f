import type { Node, Pod } from "@flotilla/api";
import { NodeInfo, podKey } from "./node-info.ts";

/**
 * Owns what the scheduler believes of nodes and the pods on them.
 * Invariants: 1. a pod stands on at most one node. 2. an assumed pod (decided, bind under
 * way) counts like one that runs, until the API server confirms it or the bind fails.
 * 3. pods of nodes not (or no longer) known wait in `homeless`, and count once the node is there.
 */
export class Cache {
  private readonly byName = new Map<string, NodeInfo>();
  private readonly placed = new Map<string, string>();
  private readonly assumed = new Set<string>();
  private readonly homeless = new Map<string, Pod>();

  nodes(): NodeInfo[] {
    return [...this.byName.values()];
  }

  node(name: string): NodeInfo | undefined {
    return this.byName.get(name);
  }

  setNode(node: Node): void {
    const name = node.metadata.name!;
    const info = this.byName.get(name);
    if (info) {
      info.setNode(node);
      return;
    }
    this.byName.set(name, new NodeInfo(node));
    for (const [key, pod] of this.homeless) {
      if (pod.spec!.nodeName !== name) continue;
      this.homeless.delete(key);
      this.put(pod);
    }
  }

  removeNode(name: string): void {
    const info = this.byName.get(name);
    if (!info) return;
    this.byName.delete(name);
    for (const [key, { pod }] of info.pods) {
      this.placed.delete(key);
      this.homeless.set(key, pod);
    }
  }

  /** A pod that has a node, as the API server tells it. */
  setPod(pod: Pod): void {
    this.assumed.delete(podKey(pod));
    this.put(pod);
  }

  removePod(pod: Pod): void {
    const key = podKey(pod);
    this.assumed.delete(key);
    this.homeless.delete(key);
    const name = this.placed.get(key);
    if (name === undefined) return;
    this.byName.get(name)?.remove(key);
    this.placed.delete(key);
  }

  assume(pod: Pod, nodeName: string): void {
    this.assumed.add(podKey(pod));
    this.put({ ...pod, spec: { ...pod.spec!, nodeName } });
  }

  isAssumed(pod: Pod): boolean {
    return this.assumed.has(podKey(pod));
  }

  /** The bind failed: the promise is void, unless the API server has confirmed it meanwhile. */
  forget(pod: Pod): void {
    if (this.assumed.has(podKey(pod))) this.removePod(pod);
  }

  private put(pod: Pod): void {
    const key = podKey(pod);
    const name = pod.spec!.nodeName!;
    const before = this.placed.get(key);
    if (before !== undefined && before !== name) this.byName.get(before)?.remove(key);
    this.homeless.delete(key);
    const info = this.byName.get(name);
    if (!info) {
      this.placed.delete(key);
      this.homeless.set(key, pod);
      return;
    }
    info.add(pod);
    this.placed.set(key, name);
  }
}
