import { isPodTerminal, isPodTerminating, type Node, type Pod, type ReplicaSet, type Service } from "@flotilla/api";
import type { Informer } from "@flotilla/client";
import type { Cache } from "./cache.ts";
import type { Nominations } from "./nominations.ts";
import type { ClusterEvent } from "./plugin.ts";
import type { Queue } from "./queue.ts";

export interface WatchPorts {
  pods: Informer<Pod>;
  nodes: Informer<Node>;
  services: Informer<Service>;
  replicaSets: Informer<ReplicaSet>;
  cache: Cache;
  nominations: Nominations;
  queue: Queue;
  schedulerName: string;
  /** Called after every change. */
  poke(): void;
  /** A pod with scheduling gates was seen. */
  gated(pod: Pod): void;
}

/** Carries what informers tell into the cache and the queue. */
export function watchCluster(ports: WatchPorts): void {
  const { cache, queue, nominations } = ports;
  const happened = (event: ClusterEvent) => {
    queue.moved(event);
    ports.poke();
  };
  ports.nodes.subscribe({
    add(node) {
      cache.setNode(node);
      happened("node-added");
    },
    update(node, old) {
      cache.setNode(node);
      if (nodeChanged(node, old)) happened("node-changed");
    },
    delete: (node) => cache.removeNode(node.metadata.name!),
  });
  const seen = (pod: Pod, old?: Pod) => {
    if (isPodTerminal(pod)) return gone(pod);
    if (pod.spec!.nodeName) {
      const known = Boolean(old?.spec?.nodeName);
      const assumed = cache.isAssumed(pod);
      cache.setPod(pod);
      queue.remove(pod);
      nominations.remove(pod);
      if (!known) happened("pod-added");
      else if (podChanged(pod, old!) && !assumed) happened("pod-changed");
      return;
    }
    if ((pod.spec!.schedulerName ?? "default-scheduler") !== ports.schedulerName || isPodTerminating(pod)) return queue.remove(pod);
    if ((pod.spec!.schedulingGates ?? []).length > 0) return ports.gated(pod);
    if (cache.isAssumed(pod)) return; // its bind is under way
    if (pod.status?.nominatedNodeName) nominations.set(pod, pod.status.nominatedNodeName);
    queue.set(pod, old !== undefined && podChanged(pod, old));
    ports.poke();
  };
  const gone = (pod: Pod) => {
    const placed = pod.spec!.nodeName || cache.isAssumed(pod);
    cache.removePod(pod);
    queue.remove(pod);
    nominations.remove(pod);
    if (placed) happened("pod-removed");
  };
  ports.pods.subscribe({ add: (pod) => seen(pod), update: seen, delete: gone });
  const service = () => happened("service-changed");
  ports.services.subscribe({ add: service, update: service, delete: service });
  ports.replicaSets.subscribe({}); // read through its lister alone
}

/** Heartbeats change a node many times a minute: only what plug-ins read counts. */
function nodeChanged(node: Node, old: Node): boolean {
  const relevant = ({ metadata, spec, status }: Node) =>
    JSON.stringify([
      metadata.labels,
      spec?.taints,
      spec?.unschedulable,
      status?.allocatable,
      status?.conditions?.map((c) => [c.type, c.status]),
    ]);
  return relevant(node) !== relevant(old);
}

function podChanged(pod: Pod, old: Pod): boolean {
  return JSON.stringify([pod.spec, pod.metadata.labels]) !== JSON.stringify([old.spec, old.metadata.labels]);
}
