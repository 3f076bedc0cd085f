import {
  controllerOf,
  type Deployment,
  Deployments,
  isAlreadyExists,
  isApiError,
  isPodTerminal,
  matchesLabelSelector,
  Pods,
  type ReplicaSet,
  ReplicaSets,
} from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import { objectKey, splitKey } from "@flotilla/client";
import { semanticEqual, withCondition } from "@flotilla/controller";
import { type ControllerContext, startReconciler } from "../context.ts";
import { claim } from "../shared/claim.ts";
import { controllerIndex } from "../shared/indexes.ts";
import { REVISION } from "./annotations.ts";
import { type DeploymentPlan, eventOf, planDeployment } from "./plan.ts";
import type { Write } from "./rollout.ts";

/** Keeps each Deployment's ReplicaSets as `planDeployment` decides. */
export function startDeploymentController(context: ControllerContext): void {
  const { client, clock, informers } = context;
  const recorder = context.recorder("deployment-controller");
  const deployments = informers.informer(Deployments);
  const sets = informers.informer(ReplicaSets);
  const pods = informers.informer(Pods, { indexers: controllerIndex });

  const controller = startReconciler(context, [deployments, sets, pods], {
    name: "deployment",
    workers: context.config.concurrentSyncs.deployment,
    reconcile: async (key) => {
      const { name, namespace } = splitKey(key);
      const deployment = deployments.lister.get(name, namespace);
      if (!deployment) return;
      if (isEverything(deployment)) {
        recorder.event(deployment, "Warning", "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.");
        return;
      }
      const owned = await claim(context, Deployments, deployment, deployment.spec?.selector, ReplicaSets, sets.lister.list({ namespace }));
      const plan = planDeployment({ deployment, sets: owned, oldPodsRunning: (set) => oldPodsRunning(owned, set), now_ms: clock.now() });
      await act(deployment, plan);
      return plan.requeueAfter_ms === undefined ? undefined : { requeueAfter_ms: plan.requeueAfter_ms };
    },
  });

  function oldPodsRunning(owned: ReplicaSet[], newSet: ReplicaSet | undefined): boolean {
    const old = owned.filter((set) => set.metadata.uid !== newSet?.metadata.uid);
    return old.some((set) => pods.lister.byIndex("controller", set.metadata.uid ?? "").some((pod) => !isPodTerminal(pod)));
  }

  async function act(deployment: Deployment, plan: DeploymentPlan): Promise<void> {
    for (const write of plan.writes) {
      await put(deployment, write);
      const message = eventOf(write);
      if (message) recorder.event(deployment, "Normal", "ScalingReplicaSet", message);
    }
    if (!plan.revision && semanticEqual(plan.status, deployment.status)) return;
    // The revision travels with the status, as upstream's does: an update of the Deployment itself would raise its generation.
    const annotations = { ...deployment.metadata.annotations, ...(plan.revision ? { [REVISION]: plan.revision } : {}) };
    await client.updateStatus(Deployments, {
      ...deployment,
      metadata: { ...deployment.metadata, annotations },
      status: plan.status,
    });
  }

  async function put(deployment: Deployment, write: Write): Promise<void> {
    const { set } = write;
    const { name, namespace, uid } = set.metadata;
    if (write.kind === "create") return create(deployment, set);
    if (write.kind === "update") await client.update(ReplicaSets, set);
    else await client.delete(ReplicaSets, name!, { namespace, preconditions: { uid } });
  }

  async function create(deployment: Deployment, set: ReplicaSet): Promise<void> {
    try {
      await client.create(ReplicaSets, set);
    } catch (error) {
      if (isAlreadyExists(error)) return resolveCollision(deployment, set, error);
      if (isApiError(error)) await reportFailure(deployment, set, error.message);
      throw error;
    }
  }

  /** Ours, but not in the cache yet: fine. Someone else's, or another template's: hash with another salt. */
  async function resolveCollision(deployment: Deployment, set: ReplicaSet, error: Error): Promise<void> {
    const { name, namespace } = set.metadata;
    const found = await client.get(ReplicaSets, name!, { namespace });
    const ours = controllerOf(found as any)?.uid === deployment.metadata.uid;
    if (ours && semanticEqual(found.spec?.template, set.spec?.template)) throw error; // wait for the cache
    const status = { ...deployment.status, collisionCount: (deployment.status?.collisionCount ?? 0) + 1 };
    await client.updateStatus(Deployments, { ...deployment, status });
    throw error;
  }

  async function reportFailure(deployment: Deployment, set: ReplicaSet, why: string): Promise<void> {
    const message = `Failed to create new replica set "${set.metadata.name}": ${why}`;
    recorder.event(deployment, "Warning", "ReplicaSetCreateError", message);
    const condition = {
      type: "Progressing",
      status: "False",
      reason: "ReplicaSetCreateError",
      message,
      lastUpdateTime: rfc3339(clock.now()),
    };
    const conditions = withCondition((deployment.status?.conditions ?? []) as any[], condition, clock.now());
    if (semanticEqual(conditions, deployment.status?.conditions)) return;
    await client.updateStatus(Deployments, { ...deployment, status: { ...deployment.status, conditions } }).catch(() => {});
  }

  const enqueue = (d: Deployment) => controller.queue.add(objectKey(d.metadata));
  const enqueueOwner = (set: ReplicaSet) => {
    const owner = controllerOf(set as any);
    if (owner) {
      if (owner.kind === Deployments.kind) controller.queue.add(objectKey({ namespace: set.metadata.namespace, name: owner.name }));
      return;
    }
    for (const d of deployments.lister.list({ namespace: set.metadata.namespace })) {
      if (!isEverything(d) && matchesLabelSelector(d.spec?.selector, set.metadata.labels)) enqueue(d);
    }
  };
  deployments.subscribe({ add: enqueue, update: enqueue });
  sets.subscribe({
    add: enqueueOwner,
    delete: enqueueOwner,
    update: (set, old) => {
      if (controllerOf(old as any)?.uid !== controllerOf(set as any)?.uid) enqueueOwner(old);
      enqueueOwner(set);
    },
  });
  // Recreate goes on when the last old pod is gone.
  pods.subscribe({
    delete: (pod) => {
      const owner = controllerOf(pod as any);
      const set = owner?.kind === ReplicaSets.kind ? sets.lister.get(owner.name, pod.metadata.namespace) : undefined;
      if (set) enqueueOwner(set);
    },
  });
}

function isEverything(deployment: Deployment): boolean {
  const { matchLabels = {}, matchExpressions = [] } = deployment.spec?.selector ?? {};
  return Object.keys(matchLabels ?? {}).length === 0 && (matchExpressions ?? []).length === 0;
}
