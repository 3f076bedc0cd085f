import { isApiError, isConflict, isNotFound, type KubeObject, type Namespace, Namespaces, Pods, type ResourceType } from "@flotilla/api";
import { semanticEqual } from "@flotilla/controller";
import { type ControllerContext, startReconciler } from "../context.ts";
import { CustomTypes } from "../shared/custom-types.ts";
import { ALL_TYPES } from "../shared/resource-types.ts";
import { deletionConditions, type Remaining } from "./plan.ts";

/** Kubernetes' own finalizer in spec.finalizers. */
const FINALIZER = "kubernetes";
/** Content with finalizers or grace is looked at again after this. */
const AGAIN_MS = 1_000;

/** Empties namespaces that are being deleted, then lets them go. */
export function startNamespaceController(context: ControllerContext): void {
  const { client, clock, informers } = context;
  const namespaces = informers.informer(Namespaces);
  const pods = informers.informer(Pods);
  const custom = new CustomTypes(context);

  const controller = startReconciler(context, [namespaces, custom.informer], {
    name: "namespace",
    workers: context.config.concurrentSyncs.namespace,
    reconcile: async (name) => {
      const namespace = namespaces.lister.get(name);
      if (!namespace?.metadata.deletionTimestamp) return;
      if ((namespace.spec?.finalizers ?? []).length === 0) return;
      const { remaining, failures } = await empty(name);
      const conditions = deletionConditions(namespace, remaining, failures, clock.now());
      const current = await report(namespace, conditions);
      if (!current) return;
      if (failures.length > 0 || remaining.some((r) => r.count > 0)) return { requeueAfter_ms: AGAIN_MS };
      const finalizers = (current.spec?.finalizers ?? []).filter((f) => f !== FINALIZER);
      await client.update(Namespaces, { ...current, spec: { ...current.spec, finalizers } }, { subresource: "finalize" });
      return;
    },
  });

  /** Pods first: what they use must outlive them (KEP-5080, ordered namespace deletion). */
  async function empty(namespace: string): Promise<{ remaining: Remaining[]; failures: string[] }> {
    const failures: string[] = [];
    const podsLeft = await emptyOne(Pods, namespace, failures);
    if (podsLeft.count > 0) return { remaining: [podsLeft], failures };
    const others = [...ALL_TYPES, ...custom.all()].filter((t) => t.namespaced && t.resource !== Pods.resource);
    const remaining = await Promise.all(others.map((type) => emptyOne(type, namespace, failures)));
    return { remaining, failures };
  }

  async function emptyOne(type: ResourceType<any>, namespace: string, failures: string[]): Promise<Remaining> {
    const resource = `${type.resource}.${type.group}`;
    try {
      const before = await client.list(type, { namespace });
      if (before.items.length === 0) return { resource, count: 0, finalizers: [] };
      await client.deleteCollection(type, { namespace, propagationPolicy: "Background" });
      const { items } = await client.list(type, { namespace });
      return { resource, count: items.length, finalizers: items.flatMap((o: KubeObject) => o.metadata.finalizers ?? []) };
    } catch (error) {
      // A kind this server does not serve has no objects.
      if (isApiError(error, "NotFound", "MethodNotAllowed")) return { resource, count: 0, finalizers: [] };
      failures.push(`${resource}: ${(error as Error).message}`);
      return { resource, count: 0, finalizers: [] };
    }
  }

  /** The namespace as written; undefined when it has gone meanwhile. */
  async function report(namespace: Namespace, conditions: object[]): Promise<Namespace | undefined> {
    if (semanticEqual(conditions, namespace.status?.conditions)) return namespace;
    try {
      const status = { ...namespace.status, phase: "Terminating", conditions } as Namespace["status"];
      return await client.updateStatus(Namespaces, { ...namespace, status });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (isConflict(error)) return client.get(Namespaces, namespace.metadata.name!);
      throw error;
    }
  }

  const enqueue = (n: Namespace) => {
    if (n.metadata.deletionTimestamp) controller.queue.add(n.metadata.name!);
  };
  namespaces.subscribe({ add: enqueue, update: enqueue });
  // The last pod is what a namespace usually waits for.
  pods.subscribe({
    delete: (pod) => {
      const namespace = namespaces.lister.get(pod.metadata.namespace!);
      if (namespace) enqueue(namespace);
    },
  });
}
