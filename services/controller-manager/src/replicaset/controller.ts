import { controllerOf, isNotFound, matchesLabelSelector, type Pod, Pods, type ReplicaSet, ReplicaSets } from "@flotilla/api";
import { objectKey, splitKey } from "@flotilla/client";
import { controllerRef, Expectations, isNamespaceTerminating, semanticEqual, slowStart } from "@flotilla/controller";
import { type ControllerContext, startReconciler } from "../context.ts";
import { claim } from "../shared/claim.ts";
import { controllerIndex } from "../shared/indexes.ts";
import { PodControl, podFromTemplate } from "../shared/pod-control.ts";
import { watchOwnedPods } from "../shared/pod-expectations.ts";
import { nextAvailable_ms, type PodAction, planPods, planStatus } from "./plan.ts";

/** Keeps as many pods as each ReplicaSet asks for. */
export function startReplicaSetController(context: ControllerContext): void {
  const { client, clock, informers } = context;
  const recorder = context.recorder("replicaset-controller");
  const podControl = new PodControl(client, recorder);
  const expectations = new Expectations(clock);
  const sets = informers.informer(ReplicaSets, { indexers: controllerIndex });
  const pods = informers.informer(Pods, { indexers: controllerIndex });

  const controller = startReconciler(context, [sets, pods], {
    name: "replicaset",
    workers: context.config.concurrentSyncs.replicaSet,
    reconcile: async (key) => {
      const { name, namespace } = splitKey(key);
      const set = sets.lister.get(name, namespace);
      if (!set) {
        expectations.forget(key);
        return undefined;
      }
      // A cache that does not show our last creations yet would make us create them again.
      const current = expectations.satisfied(key);
      const candidates = [...pods.lister.byIndex("controller", set.metadata.uid!), ...orphans(namespace!)];
      const owned = await claim(context, ReplicaSets, set, set.spec?.selector, Pods, candidates);
      const action: PodAction = current ? planPods(set, owned, relatedPods(set), clock.now()) : { kind: "none" };
      const error = await act(key, set, action);
      const status = planStatus(set, owned, clock.now(), error && { action: action.kind, message: error.message });
      if (!semanticEqual(status, set.status)) await client.updateStatus(ReplicaSets, { ...set, status });
      if (error) throw error;
      const wait = nextAvailable_ms(set, owned, clock.now());
      return wait === undefined ? undefined : { requeueAfter_ms: wait };
    },
  });

  const orphans = (namespace: string): Pod[] => pods.lister.byIndex("controller", "").filter((pod) => pod.metadata.namespace === namespace);

  /** All pods of the sets with the same owner: a Deployment in the middle of a rollout has several. */
  function relatedPods(set: ReplicaSet): Pod[] {
    const owner = controllerOf(set as any)?.uid;
    const siblings = owner ? sets.lister.byIndex("controller", owner) : [set];
    return siblings.flatMap((s) => pods.lister.byIndex("controller", s.metadata.uid!));
  }

  async function act(key: string, set: ReplicaSet, action: PodAction): Promise<Error | undefined> {
    if (action.kind === "create") return create(key, set, action.count);
    if (action.kind === "delete") return remove(key, set, action.pods);
    return undefined;
  }

  async function create(key: string, set: ReplicaSet, count: number): Promise<Error | undefined> {
    expectations.expectCreations(key, count);
    let asked = 0;
    const template = podFromTemplate(set.spec!.template!, set.metadata, controllerRef(ReplicaSets, set));
    const { error } = await slowStart(count, async () => {
      asked++;
      try {
        await podControl.create(set, template);
      } catch (error) {
        expectations.creationObserved(key);
        // The namespace is going away, and this set with it: nothing to report.
        if (isNamespaceTerminating(error)) return;
        throw error;
      }
    });
    for (let skipped = asked; skipped < count; skipped++) expectations.creationObserved(key);
    return error as Error | undefined;
  }

  async function remove(key: string, set: ReplicaSet, victims: Pod[]): Promise<Error | undefined> {
    expectations.expectDeletions(
      key,
      victims.map((pod) => pod.metadata.uid!),
    );
    const results = await Promise.allSettled(
      victims.map(async (pod) => {
        try {
          await podControl.delete(set, pod);
        } catch (error) {
          expectations.deletionObserved(key, pod.metadata.uid!);
          if (!isNotFound(error)) throw error;
        }
      }),
    );
    return results.find((r) => r.status === "rejected")?.reason;
  }

  const enqueue = (set: ReplicaSet) => controller.queue.add(objectKey(set.metadata));
  sets.subscribe({
    add: enqueue,
    update: enqueue,
    delete: (set) => {
      expectations.forget(objectKey(set.metadata));
      enqueue(set);
    },
  });
  watchOwnedPods(pods, ReplicaSets.kind, expectations, {
    owner: (namespace, name) => controller.queue.add(`${namespace}/${name}`),
    orphan: (pod) => {
      for (const set of sets.lister.list({ namespace: pod.metadata.namespace })) {
        if (matchesLabelSelector(set.spec?.selector, pod.metadata.labels)) enqueue(set);
      }
    },
  });
}
