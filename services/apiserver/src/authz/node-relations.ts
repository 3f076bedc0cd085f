import { isMirrorPod, type PersistentVolume, type Pod, type PodSpec } from "@flotilla/api";
import type { Change } from "../storage/resource-cache.ts";
import type { Store } from "../storage/store.ts";

/** Kinds whose objects may have to do with a node. */
export type Kind =
  | "pods"
  | "secrets"
  | "configmaps"
  | "persistentvolumeclaims"
  | "persistentvolumes"
  | "volumeattachments"
  | "serviceaccounts";

interface VolumeAttachment {
  spec: { nodeName: string };
}

/** Which objects a node has to do with: its pods, and what they refer to (upstream's graph). Read from the caches. */
export class NodeRelations {
  private readonly store: Pick<Store, "cache">;
  /** node → keys of its pods; built on first use, kept by the cache's changes. */
  private podsOf: Map<string, Set<string>> | undefined;

  constructor(store: Pick<Store, "cache">) {
    this.store = store;
  }

  has(node: string, kind: Kind, namespace: string, name: string): boolean {
    switch (kind) {
      case "pods":
        return this.index().get(node)?.has(`/registry/pods/${namespace}/${name}`) === true;
      case "persistentvolumes":
        return this.mounts(node, name);
      case "volumeattachments": {
        const attachment = this.store.cache(kind).get(`/registry/${kind}/${name}`)?.object;
        return (attachment as unknown as VolumeAttachment | undefined)?.spec.nodeName === node;
      }
      case "secrets":
        return this.uses(node, kind, namespace, name) || this.volumesUse(node, namespace, name);
      default:
        return this.uses(node, kind, namespace, name);
    }
  }

  private uses(node: string, kind: Referred, namespace: string, name: string): boolean {
    const cache = this.store.cache("pods");
    for (const key of this.index().get(node) ?? []) {
      const entry = cache.get(key);
      if (entry && entry.namespace === namespace && refersTo(entry.object as unknown as Pod, kind, name)) return true;
    }
    return false;
  }

  /** Whether a claim of one of the node's pods is bound to the volume. */
  private mounts(node: string, volume: string): boolean {
    const found = this.store.cache("persistentvolumes").get(`/registry/persistentvolumes/${volume}`)?.object;
    const claim = (found as unknown as PersistentVolume | undefined)?.spec?.claimRef;
    if (!claim?.name || !claim.namespace) return false;
    return this.uses(node, "persistentvolumeclaims", claim.namespace, claim.name);
  }

  /** Secrets that the driver of a mounted volume needs. */
  private volumesUse(node: string, namespace: string, name: string): boolean {
    const volumes = this.store.cache("persistentvolumes");
    if (volumes.size === 0) return false;
    for (const { object, name: volume } of volumes.scan("/registry/persistentvolumes/")) {
      const { csi } = (object as unknown as PersistentVolume).spec ?? {};
      const references = [csi?.nodePublishSecretRef, csi?.nodeStageSecretRef, csi?.nodeExpandSecretRef];
      if (references.some((ref) => ref?.name === name && ref.namespace === namespace) && this.mounts(node, volume)) return true;
    }
    return false;
  }

  private index(): Map<string, Set<string>> {
    if (this.podsOf) return this.podsOf;
    const podsOf = new Map<string, Set<string>>();
    this.podsOf = podsOf;
    const add = (key: string, node: string | undefined) => {
      if (!node) return;
      const set = podsOf.get(node);
      if (set) set.add(key);
      else podsOf.set(node, new Set([key]));
    };
    const drop = (key: string, node: string | undefined) => {
      const set = node === undefined ? undefined : podsOf.get(node);
      // Nodes come and go: none stays for its name alone.
      if (set?.delete(key) && set.size === 0) podsOf.delete(node!);
    };
    const cache = this.store.cache("pods");
    for (const entry of cache.scan("/registry/pods/")) add(entry.key, nodeNameOf(entry.object));
    cache.subscribe(cache.lastRevision, ({ type, entry, previous }: Change) => {
      drop(entry.key, previous && nodeNameOf(previous.object));
      if (type !== "DELETED") add(entry.key, nodeNameOf(entry.object));
    });
    return podsOf;
  }
}

const nodeNameOf = (object: object): string | undefined => (object as Pod).spec?.nodeName;

type Referred = "secrets" | "configmaps" | "persistentvolumeclaims" | "serviceaccounts";

/** Whether the pod names this secret, config map, claim or account anywhere. */
export function refersTo(pod: Pod, kind: Referred, name: string): boolean {
  const { spec } = pod;
  // The node itself makes mirror pods: they give it no access.
  if (!spec || isMirrorPod(pod)) return false;
  switch (kind) {
    case "serviceaccounts":
      return (spec.serviceAccountName ?? "default") === name;
    case "secrets":
      return secretsOf(spec).includes(name);
    case "configmaps":
      return configMapsOf(spec).includes(name);
    case "persistentvolumeclaims":
      return claimsOf(pod).includes(name);
  }
}

const containersOf = ({ initContainers = [], containers, ephemeralContainers = [] }: PodSpec) => [
  ...initContainers,
  ...containers,
  ...ephemeralContainers,
];

function secretsOf(spec: PodSpec): (string | undefined)[] {
  const containers = containersOf(spec);
  return [
    ...(spec.imagePullSecrets ?? []).map(({ name }) => name),
    ...containers.flatMap(({ envFrom = [] }) => envFrom.map(({ secretRef }) => secretRef?.name)),
    ...containers.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name)),
    ...(spec.volumes ?? []).flatMap((volume) => [
      volume.secret?.secretName,
      volume.azureFile?.secretName,
      ...[volume.cephfs, volume.cinder, volume.flexVolume, volume.rbd, volume.scaleIO, volume.iscsi, volume.storageos].map(
        (source) => source?.secretRef?.name,
      ),
      volume.csi?.nodePublishSecretRef?.name,
      ...(volume.projected?.sources ?? []).map(({ secret }) => secret?.name),
    ]),
  ];
}

function configMapsOf(spec: PodSpec): (string | undefined)[] {
  const containers = containersOf(spec);
  return [
    ...containers.flatMap(({ envFrom = [] }) => envFrom.map(({ configMapRef }) => configMapRef?.name)),
    ...containers.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name)),
    ...(spec.volumes ?? []).flatMap(({ configMap, projected }) => [
      configMap?.name,
      ...(projected?.sources ?? []).map((source) => source.configMap?.name),
    ]),
  ];
}

/** A generic ephemeral volume's claim bears the pod's name and its own. */
function claimsOf({ metadata, spec }: Pod): (string | undefined)[] {
  return (spec!.volumes ?? []).map(({ name, persistentVolumeClaim, ephemeral }) =>
    ephemeral ? `${metadata.name}-${name}` : persistentVolumeClaim?.claimName,
  );
}
