import { isNotFound, type Node, Nodes, type Pod, Pods, type Taint } from "@flotilla/api";
import { objectKey, splitKey } from "@flotilla/client";
import { type ControllerContext, startReconciler } from "../context.ts";
import { markDisrupted } from "../shared/disruption.ts";
import { nodeIndex } from "../shared/indexes.ts";
import { planEviction } from "./eviction-plan.ts";

/** Deletes pods that do not tolerate their node's NoExecute taints, or no longer. */
export function startTaintEvictionController(context: ControllerContext): void {
  const { client, clock, informers, log } = context;
  const recorder = context.recorder("taint-eviction-controller");
  const nodes = informers.informer(Nodes);
  const pods = informers.informer(Pods, { indexers: nodeIndex });
  /** Pods that will be deleted unless the taint goes, and since when we know. */
  const waiting = new Map<string, number>();

  const controller = startReconciler(context, [nodes, pods], {
    name: "taint_eviction",
    workers: 8,
    reconcile: async (key) => {
      const { name, namespace } = splitKey(key);
      const pod = pods.lister.get(name, namespace);
      const node = pod?.spec?.nodeName ? nodes.lister.get(pod.spec.nodeName) : undefined;
      if (!pod || !node || pod.metadata.deletionTimestamp) {
        waiting.delete(key);
        return;
      }
      const plan = planEviction(pod, (node.spec?.taints ?? []) as Taint[], waiting.get(key) ?? clock.now(), clock.now());
      if (plan.kind === "stay") {
        if (waiting.delete(key)) recorder.event(pod, "Normal", "TaintManagerEviction", `Cancelling deletion of Pod ${key}`);
        return;
      }
      const left_ms = plan.at_ms - clock.now();
      if (left_ms > 0) {
        if (!waiting.has(key)) waiting.set(key, clock.now());
        return { requeueAfter_ms: left_ms };
      }
      waiting.delete(key);
      await evict(pod, key);
      return;
    },
  });

  async function evict(pod: Pod, key: string): Promise<void> {
    const { name, namespace, uid } = pod.metadata;
    log.info("evicting pod from tainted node", { pod: key, node: pod.spec?.nodeName });
    recorder.event(pod, "Normal", "TaintManagerEviction", `Marking for deletion Pod ${key}`);
    await markDisrupted(context, pod, {
      reason: "DeletionByTaintManager",
      message: "Taint manager: deleting due to NoExecute taint",
    });
    await client.delete(Pods, name!, { namespace, preconditions: { uid } }).catch((error) => {
      if (!isNotFound(error)) throw error;
    });
  }

  const enqueue = (pod: Pod) => {
    if (pod.spec?.nodeName) controller.queue.add(objectKey(pod.metadata));
  };
  const enqueueNode = (node: Node) => {
    for (const pod of pods.lister.byIndex("node", node.metadata.name!)) enqueue(pod);
  };
  pods.subscribe({
    add: enqueue,
    update: (pod, old) => {
      if (pod.spec?.nodeName !== old.spec?.nodeName || pod.spec?.tolerations?.length !== old.spec?.tolerations?.length) enqueue(pod);
    },
  });
  nodes.subscribe({
    add: enqueueNode,
    update: (node, old) => {
      if (JSON.stringify(node.spec?.taints) !== JSON.stringify(old.spec?.taints)) enqueueNode(node);
    },
  });
}
