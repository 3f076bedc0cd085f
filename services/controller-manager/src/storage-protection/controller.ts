import { isNotFound, type PersistentVolume, PersistentVolumeClaims, PersistentVolumes, type Pod, Pods } from "@flotilla/api";
import { type ControllerContext, startReconciler } from "../context.ts";
import { CLAIM_FINALIZER, claimsOf, released, usesClaim, VOLUME_FINALIZER } from "./protection.ts";

/** Lets deleted claims go when no pod uses them any more (admission had given them the finalizer). */
export function startClaimProtection(context: ControllerContext): void {
  const { client, informers } = context;
  const claims = informers.informer(PersistentVolumeClaims);
  const pods = informers.informer(Pods);
  const controller = startReconciler(context, [claims, pods], {
    name: "pvc_protection",
    reconcile: async (key) => {
      const [namespace, name] = key.split("/") as [string, string];
      const claim = claims.lister.get(name, namespace);
      if (!claim) return;
      const inUse = pods.lister.list({ namespace }).some((pod) => usesClaim(pod, name));
      const finalizers = released(claim, CLAIM_FINALIZER, inUse);
      if (!finalizers) return;
      // Our cache may miss a pod that was made a moment ago.
      const { items } = await client.list(Pods, { namespace });
      if (items.some((pod) => usesClaim(pod, name))) return;
      await tolerateGone(client.update(PersistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, finalizers } }));
    },
  });
  const look = ({ metadata }: { metadata: { namespace?: string; name?: string; deletionTimestamp?: string } }) => {
    if (metadata.deletionTimestamp) controller.queue.add(`${metadata.namespace}/${metadata.name}`);
  };
  claims.subscribe({ add: look, update: look });
  const leaves = (pod: Pod) => {
    for (const name of claimsOf(pod)) controller.queue.add(`${pod.metadata.namespace}/${name}`);
  };
  pods.subscribe({ update: leaves, delete: leaves });
}

/** Lets deleted volumes go when no claim is bound to them. */
export function startVolumeProtection(context: ControllerContext): void {
  const { client, informers } = context;
  const volumes = informers.informer(PersistentVolumes);
  const controller = startReconciler(context, [volumes], {
    name: "pv_protection",
    reconcile: async (name) => {
      const volume = volumes.lister.get(name);
      const finalizers = volume && released(volume, VOLUME_FINALIZER, volume.status?.phase === "Bound");
      if (!finalizers) return;
      await tolerateGone(client.update(PersistentVolumes, { ...volume, metadata: { ...volume.metadata, finalizers } }));
    },
  });
  const look = ({ metadata }: PersistentVolume) => {
    if (metadata.deletionTimestamp) controller.queue.add(metadata.name!);
  };
  volumes.subscribe({ add: look, update: look });
}

async function tolerateGone(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
