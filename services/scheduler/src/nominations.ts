import type { Pod } from "@flotilla/api";
import { type NodeInfo, podKey } from "./node-info.ts";

/**
 * Owns the room that preemption makes: a pod nominated to a node counts there for
 * every pod of no higher priority, until it is bound or gone.
 */
export class Nominations {
  private readonly byPod = new Map<string, { pod: Pod; nodeName: string }>();

  set(pod: Pod, nodeName: string): void {
    this.byPod.set(podKey(pod), { pod, nodeName });
  }

  remove(pod: Pod): void {
    this.byPod.delete(podKey(pod));
  }

  /** The nodes as `pod` may see them. */
  apply(nodes: NodeInfo[], pod: Pod): NodeInfo[] {
    if (this.byPod.size === 0) return nodes;
    const own = podKey(pod);
    const counted = [...this.byPod].filter(([key, n]) => key !== own && (n.pod.spec!.priority ?? 0) >= (pod.spec!.priority ?? 0));
    if (counted.length === 0) return nodes;
    return nodes.map((node) => {
      const guests = counted.filter(([, n]) => n.nodeName === node.name);
      if (guests.length === 0) return node;
      const copy = node.without([]);
      for (const [, guest] of guests) copy.add(guest.pod);
      return copy;
    });
  }
}
