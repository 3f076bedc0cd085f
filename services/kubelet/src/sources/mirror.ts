import { isAlreadyExists, isNotFound, type Node, type Pod, Pods } from "@flotilla/api";
import type { Logger } from "@flotilla/base";
import type { ApiClient } from "@flotilla/client";
import { HASH_ANNOTATION, MIRROR_ANNOTATION } from "../pods/pod.ts";

/** The API's copy of a static pod, so that the whole cluster can see it. Pure. */
export function mirrorOf(pod: Pod, node: Node): Pod {
  const { uid, ...metadata } = pod.metadata;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...metadata,
      annotations: { ...metadata.annotations, [MIRROR_ANNOTATION]: metadata.annotations?.[HASH_ANNOTATION] ?? uid! },
      ownerReferences: [{ apiVersion: "v1", kind: "Node", name: node.metadata.name!, uid: node.metadata.uid!, controller: true }],
    },
    spec: pod.spec,
  };
}

export interface MirrorPorts {
  log: Logger;
  client: ApiClient;
  mirror(pod: Pod): Pod | undefined;
  node(): Node | undefined;
}

/** Creates the mirror pod, or replaces one of an older manifest. Failures wait for the next sync. */
export async function keepMirror(ports: MirrorPorts, pod: Pod): Promise<void> {
  const node = ports.node();
  if (!node) return;
  const existing = ports.mirror(pod);
  if (existing) {
    const current = existing.metadata.annotations?.[MIRROR_ANNOTATION] === pod.metadata.annotations?.[HASH_ANNOTATION];
    if (current && !existing.metadata.deletionTimestamp) return;
    await removeMirror(ports.client, existing);
  }
  try {
    await ports.client.create(Pods, mirrorOf(pod, node));
  } catch (error) {
    if (!isAlreadyExists(error)) ports.log.warn("could not create mirror pod", { pod: pod.metadata.name, error: (error as Error).message });
  }
}

export async function removeMirror(client: ApiClient, mirror: Pod): Promise<void> {
  try {
    const { namespace, uid } = mirror.metadata;
    await client.delete(Pods, mirror.metadata.name!, { namespace, gracePeriodSeconds: 0, preconditions: { uid } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
