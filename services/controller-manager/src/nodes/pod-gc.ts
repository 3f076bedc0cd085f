import { isNotFound, Nodes, type Pod, Pods } from "@flotilla/api";
import { type ControllerContext, startReconciler } from "../context.ts";
import { markDisrupted } from "../shared/disruption.ts";
import { planPodGc } from "./pod-gc-plan.ts";

/** Upstream: how often it looks, and how long a node must be missing. */
const PERIOD_MS = 20_000;
const QUARANTINE_MS = 40_000;
const KEY = "all";

/** Force-deletes pods that no kubelet will ever end. */
export function startPodGarbageCollector(context: ControllerContext): void {
  const { client, clock, config, informers, log } = context;
  const nodes = informers.informer(Nodes);
  const pods = informers.informer(Pods);
  /** When each node was first missed. */
  const missing = new Map<string, number>();

  const collector = startReconciler(context, [nodes, pods], {
    name: "pod_gc",
    reconcile: async () => {
      const byName = new Map(nodes.lister.list().map((n) => [n.metadata.name!, n]));
      const plan = planPodGc(pods.lister.list(), byName, config.terminatedPodGcThreshold);
      const gone = await confirmedGone(plan.orphaned);
      const lost = { reason: "DeletionByPodGC", message: "PodGC: node no longer exists", phase: "Failed" as const };
      for (const pod of plan.orphaned.filter((p) => gone.has(p.spec!.nodeName!))) await remove(pod, lost);
      for (const pod of plan.terminated) await remove(pod);
      for (const pod of plan.unscheduledTerminating) await remove(pod);
      for (const pod of plan.outOfService) await remove(pod, { ...lost, message: "PodGC: node is out of service" });
      return { requeueAfter_ms: PERIOD_MS };
    },
  });

  /** Missing for long enough, and missing on the server too. */
  async function confirmedGone(orphaned: Pod[]): Promise<Set<string>> {
    const names = new Set(orphaned.map((p) => p.spec!.nodeName!));
    for (const name of missing.keys()) if (!names.has(name)) missing.delete(name);
    const gone = new Set<string>();
    for (const name of names) {
      const since = missing.get(name) ?? clock.monotonic();
      missing.set(name, since);
      if (clock.monotonic() - since < QUARANTINE_MS) continue;
      await client.get(Nodes, name).catch((error) => {
        if (!isNotFound(error)) throw error;
        gone.add(name);
      });
    }
    return gone;
  }

  async function remove(pod: Pod, why?: { reason: string; message: string; phase: "Failed" }): Promise<void> {
    const { name, namespace, uid } = pod.metadata;
    log.info("collecting pod", { pod: `${namespace}/${name}`, why: why?.message });
    if (why) await markDisrupted(context, pod, why);
    await client.delete(Pods, name!, { namespace, gracePeriodSeconds: 0, preconditions: { uid } }).catch((error) => {
      if (!isNotFound(error)) throw error;
    });
  }

  collector.queue.add(KEY);
  // Deleted before it was placed: nothing to wait for.
  pods.subscribe({
    update: (pod) => {
      if (pod.metadata.deletionTimestamp && !pod.spec?.nodeName) collector.queue.add(KEY);
    },
  });
}
