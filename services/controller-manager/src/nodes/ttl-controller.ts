import { Nodes } from "@flotilla/api";
import { type ControllerContext, startReconciler } from "../context.ts";

const ANNOTATION = "node.alpha.kubernetes.io/ttl";
/** Up to this many nodes → for how many seconds kubelets may cache Secrets and ConfigMaps (upstream's table). */
const STEPS: [number, number][] = [
  [100, 0],
  [500, 15],
  [1000, 30],
  [2000, 60],
  [Number.POSITIVE_INFINITY, 300],
];

/** Tells kubelets for how long they may keep Secrets, by the size of the cluster. */
export function startTtlController(context: ControllerContext): void {
  const { client, informers } = context;
  const nodes = informers.informer(Nodes);
  const controller = startReconciler(context, [nodes], {
    name: "ttl",
    reconcile: async (name) => {
      const node = nodes.lister.get(name);
      const count = nodes.lister.list().length;
      const ttl = String(STEPS.find(([max]) => count <= max)![1]);
      if (!node || node.metadata.annotations?.[ANNOTATION] === ttl) return;
      await client.patch(Nodes, name, { type: "merge", body: { metadata: { annotations: { [ANNOTATION]: ttl } } } });
    },
  });
  nodes.subscribe({
    add: (node) => controller.queue.add(node.metadata.name!),
    update: (node) => {
      if (node.metadata.annotations?.[ANNOTATION] === undefined) controller.queue.add(node.metadata.name!);
    },
  });
}
