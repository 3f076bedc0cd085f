import { type DaemonSet, DaemonSets, isNotFound, matchesLabelSelector, type Node, Nodes, type Pod, Pods } from "@flotilla/api";
import { Backoff } from "@flotilla/base";
import { objectKey, splitKey } from "@flotilla/client";
import { Expectations, semanticEqual, slowStart } from "@flotilla/controller";
import { type ControllerContext, startReconciler } from "../context.ts";
import { claim } from "../shared/claim.ts";
import { controllerIndex } from "../shared/indexes.ts";
import { PodControl } from "../shared/pod-control.ts";
import { watchOwnedPods } from "../shared/pod-expectations.ts";
import { createHistoryKeeper } from "./history-keeper.ts";
import { planDaemonSet } from "./plan.ts";
import { daemonPod, targetNode } from "./template.ts";

/** Keeps one pod of each DaemonSet on each node that fits. */
export function startDaemonSetController(context: ControllerContext): void {
  const { client, clock, informers } = context;
  const recorder = context.recorder("daemonset-controller");
  const podControl = new PodControl(client, recorder);
  const expectations = new Expectations(clock);
  const sets = informers.informer(DaemonSets);
  const nodes = informers.informer(Nodes);
  const pods = informers.informer(Pods, { indexers: controllerIndex });
  /** A daemon that ends at once on one node is not restarted there without pause. */
  const failures = new Backoff({ initial_ms: 1_000, max_ms: 15 * 60_000 }, context.random);
  const notBefore = new Map<string, number>();

  const history = createHistoryKeeper(context);

  const controller = startReconciler(context, [sets, nodes, pods, ...history.reads], {
    name: "daemonset",
    workers: context.config.concurrentSyncs.daemonSet,
    reconcile: async (key) => {
      const { name, namespace } = splitKey(key);
      const set = sets.lister.get(name, namespace);
      if (!set) {
        expectations.forget(key);
        return undefined;
      }
      const orphans = pods.lister.byIndex("controller", "").filter((pod) => pod.metadata.namespace === namespace);
      const candidates = [...pods.lister.byIndex("controller", set.metadata.uid!), ...orphans];
      const owned = await claim(context, DaemonSets, set, set.spec?.selector, Pods, candidates);
      if (!set.metadata.deletionTimestamp) await history.keep(set, owned);
      const plan = planDaemonSet({ set, nodes: nodes.lister.list(), pods: owned, now_ms: clock.now() });
      let error: Error | undefined;
      let wait: number | undefined;
      if (expectations.satisfied(key)) {
        const due = dueFailures(set, plan.failed);
        wait = due.wait_ms;
        error = (await remove(key, set, [...plan.delete, ...due.pods])) ?? (await create(key, set, plan.create));
      }
      if (!semanticEqual(plan.status, set.status)) await client.updateStatus(DaemonSets, { ...set, status: plan.status });
      if (error) throw error;
      const minReady = (set.spec?.minReadySeconds ?? 0) * 1000;
      const unavailable = plan.status.numberReady !== (plan.status.numberAvailable ?? 0);
      const next = Math.min(wait ?? Number.POSITIVE_INFINITY, minReady > 0 && unavailable ? minReady : Number.POSITIVE_INFINITY);
      return Number.isFinite(next) ? { requeueAfter_ms: next } : undefined;
    },
  });

  function dueFailures(set: DaemonSet, failed: Pod[]): { pods: Pod[]; wait_ms?: number } {
    const now = clock.monotonic();
    let wait_ms: number | undefined;
    const due = failed.filter((pod) => {
      const node = `${set.metadata.uid}/${targetNode(pod)}`;
      const left = (notBefore.get(node) ?? 0) - now;
      if (left > 0) {
        wait_ms = Math.min(wait_ms ?? left, left);
        return false;
      }
      notBefore.set(node, now + failures.next(node));
      const message = `Found failed daemon pod ${objectKey(pod.metadata)} on node ${targetNode(pod)}, will try to kill it`;
      recorder.event(set, "Warning", "FailedDaemonPod", message);
      return true;
    });
    return { pods: due, wait_ms };
  }

  async function create(key: string, set: DaemonSet, names: string[]): Promise<Error | undefined> {
    expectations.expectCreations(key, names.length);
    let asked = 0;
    const { error } = await slowStart(names.length, async (index) => {
      asked++;
      await podControl.create(set, daemonPod(set, names[index]!)).catch((failure) => {
        expectations.creationObserved(key);
        throw failure;
      });
    });
    for (let skipped = asked; skipped < names.length; skipped++) expectations.creationObserved(key);
    return error as Error | undefined;
  }

  async function remove(key: string, set: DaemonSet, victims: Pod[]): Promise<Error | undefined> {
    expectations.expectDeletions(
      key,
      victims.map((pod) => pod.metadata.uid!),
    );
    const results = await Promise.allSettled(
      victims.map((pod) =>
        podControl.delete(set, pod).catch((error) => {
          expectations.deletionObserved(key, pod.metadata.uid!);
          if (!isNotFound(error)) throw error;
        }),
      ),
    );
    return results.find((r) => r.status === "rejected")?.reason;
  }

  const enqueue = (set: DaemonSet) => controller.queue.add(objectKey(set.metadata));
  const enqueueAll = () => {
    for (const set of sets.lister.list()) enqueue(set);
  };
  sets.subscribe({ add: enqueue, update: enqueue, delete: enqueue });
  nodes.subscribe({
    add: enqueueAll,
    delete: enqueueAll,
    update: (node, old) => {
      if (looks(node) !== looks(old)) enqueueAll();
    },
  });
  watchOwnedPods(pods, DaemonSets.kind, expectations, {
    owner: (namespace, name) => controller.queue.add(`${namespace}/${name}`),
    orphan: (pod) => {
      for (const set of sets.lister.list({ namespace: pod.metadata.namespace })) {
        if (matchesLabelSelector(set.spec?.selector, pod.metadata.labels)) enqueue(set);
      }
    },
  });
}

/** What of a node decides whether a daemon runs there; heartbeats do not. */
function looks(node: Node): string {
  return JSON.stringify([node.metadata.labels, node.spec?.taints, node.spec?.unschedulable]);
}
