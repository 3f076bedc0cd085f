import { isApiError, isNotFound, type KubeObject, type OwnerReference, type ResourceType } from "@flotilla/api";
import { createInformerFactory, type Informer } from "@flotilla/client";
import { releasePatch } from "@flotilla/controller";
import { type ControllerContext, startReconciler } from "../context.ts";
import { CustomTypes } from "../shared/custom-types.ts";
import { ALL_TYPES, typeOf } from "../shared/resource-types.ts";
import { type Item, itemOf, OwnerGraph, waitsForDependents, waitsForOrphaning } from "./graph.ts";
import { type CollectorAction, type OwnerState, planItem } from "./plan.ts";

/** Events have no owners, and there are many of them. */
const isIgnored = ({ resource }: ResourceType<unknown>): boolean => resource === "events";

/**
 * Deletes what nobody owns any more, and carries out foreground and orphan deletion.
 * Owns the owner graph, fed by one informer per resource. An owner counts as absent only
 * when the server itself says so: caches of two resources are never equally new.
 */
export function startGarbageCollector(context: ControllerContext): void {
  const { client, informers, log } = context;
  const graph = new OwnerGraph();
  const types = ALL_TYPES.filter((type) => !isIgnored(type));
  const sources = types.map((type) => ({ type, informer: informers.informer(type) }));

  const collector = startReconciler(context, [], {
    name: "garbage_collector",
    workers: context.config.concurrentSyncs.gc,
    reconcile: async (uid) => {
      const item = graph.get(uid);
      if (!item) return;
      const owners = await Promise.all(item.owners.map(async (ref) => ({ ref, state: await stateOf(item, ref) })));
      await act(item, planItem(item, owners, graph.dependents(uid)));
    },
  });

  async function stateOf(item: Item, ref: OwnerReference): Promise<OwnerState> {
    const known = graph.get(ref.uid);
    if (known) return waitsForDependents(known) && ref.blockOwnerDeletion ? "waiting" : "solid";
    const type = typeOf(ref.apiVersion, ref.kind) ?? custom.find(ref.apiVersion, ref.kind);
    // A kind we don't know cannot be shown to be gone.
    if (!type) return "solid";
    try {
      const live = await client.get(type, ref.name, { namespace: item.namespace });
      return live.metadata.uid === ref.uid ? "solid" : "absent";
    } catch (error) {
      if (isNotFound(error)) return "absent";
      throw error;
    }
  }

  async function act(item: Item, action: CollectorAction): Promise<void> {
    const { type, name, namespace, uid } = item;
    switch (action.kind) {
      case "none":
        return;
      case "delete":
        log.debug("collecting", { kind: type.kind, name, namespace, policy: action.policy });
        return tolerateGone(client.delete(type, name, { namespace, propagationPolicy: action.policy, preconditions: { uid } }));
      case "removeOwners": {
        for (const owner of action.uids) await tolerateGone(release(item, owner));
        return;
      }
      case "collect":
        for (const dependent of action.dependents) collector.queue.add(dependent.uid);
        return;
      case "orphanDependents": {
        for (const d of action.dependents) await tolerateGone(release(d, uid));
        return removeFinalizer(item, "orphan");
      }
      case "removeFinalizer":
        return removeFinalizer(item, action.finalizer);
    }
  }

  /** Takes one owner's reference away. Custom resources know no strategic merge: their references are written whole. */
  async function release({ type, name, namespace, uid }: Item, owner: string): Promise<unknown> {
    if (!custom.has(type)) {
      const body = releasePatch({ metadata: { uid } }, owner);
      return client.patch(type, name, { type: "strategic", body }, { namespace });
    }
    const live = await client.get(type, name, { namespace });
    if (live.metadata.uid !== uid) return undefined;
    const ownerReferences = (live.metadata.ownerReferences ?? []).filter((ref) => ref.uid !== owner);
    const body = { metadata: { resourceVersion: live.metadata.resourceVersion, ownerReferences } };
    return client.patch(type, name, { type: "merge", body }, { namespace });
  }

  async function removeFinalizer(item: Item, finalizer: string): Promise<void> {
    const live = await client.get(item.type, item.name, { namespace: item.namespace }).catch((error) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    if (!live || live.metadata.uid !== item.uid || !live.metadata.finalizers?.includes(finalizer)) return;
    const finalizers = live.metadata.finalizers.filter((f) => f !== finalizer);
    const body = { metadata: { resourceVersion: live.metadata.resourceVersion, finalizers } };
    await tolerateGone(client.patch(item.type, item.name, { type: "merge", body }, { namespace: item.namespace }));
  }

  const changed = (type: ResourceType<KubeObject>, object: KubeObject) => {
    const item = itemOf(type, object);
    const old = graph.set(item);
    if (waitsForOrphaning(item)) collector.queue.add(item.uid);
    else if (waitsForDependents(item)) {
      collector.queue.add(item.uid);
      if (!old || !waitsForDependents(old)) for (const d of graph.dependents(item.uid)) collector.queue.add(d.uid);
    } else if (needsLook(item)) collector.queue.add(item.uid);
    // A reference that was taken away may free an owner that waits.
    for (const owner of old?.owners ?? []) notifyOwner(owner.uid);
  };

  const needsLook = (item: Item): boolean =>
    !item.deleting &&
    item.owners.some((ref) => {
      const owner = graph.get(ref.uid);
      return !owner || waitsForDependents(owner);
    });

  const notifyOwner = (uid: string) => {
    const owner = graph.get(uid);
    if (owner && (waitsForDependents(owner) || waitsForOrphaning(owner))) collector.queue.add(uid);
  };

  const removed = (object: KubeObject) => {
    const uid = object.metadata.uid!;
    const old = graph.remove(uid);
    for (const dependent of graph.dependents(uid)) collector.queue.add(dependent.uid);
    for (const owner of old?.owners ?? []) notifyOwner(owner.uid);
  };

  const follow = (type: ResourceType<KubeObject>, informer: Informer<KubeObject>) => {
    informer.subscribe({ add: (o) => changed(type, o), update: (o) => changed(type, o), delete: removed });
  };
  for (const { type, informer } of sources) follow(type, informer);

  // Kinds that come while we run bring their own informers, which end with them.
  const running = new Map<ResourceType<KubeObject>, { informer: Informer<KubeObject>; stop: AbortController }>();
  const custom = new CustomTypes(context, {
    added(type) {
      const stop = new AbortController();
      const factory = createInformerFactory(context);
      const informer = factory.informer(type);
      running.set(type, { informer, stop });
      follow(type, informer);
      factory.start(AbortSignal.any([context.signal, stop.signal]));
    },
    removed(type) {
      const { informer, stop } = running.get(type)!;
      running.delete(type);
      stop.abort();
      for (const object of informer.lister.list()) removed(object);
    },
  });
}

/** Gone or replaced meanwhile: that is what was wanted. */
async function tolerateGone(call: Promise<unknown>): Promise<void> {
  await call.catch((error) => {
    if (!isApiError(error, "NotFound", "Conflict")) throw error;
  });
}
