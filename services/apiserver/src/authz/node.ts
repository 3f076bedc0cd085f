import { isMirrorPod, type PersistentVolume, type Pod, type PodSpec } from "@flotilla/api";
import { NODE_RULES } from "../bootstrap/policy.ts";
import type { User } from "../request/call.ts";
import type { Change } from "../storage/resource-cache.ts";
import type { Store } from "../storage/store.ts";
import { type Attributes, type Authorizer, type Decision, NO_OPINION, type PolicyRule } from "./authorizer.ts";
import { ruleAllows } from "./rules.ts";

const NODE_USER = "system:node:";
const READ = new Set(["get", "list", "watch"]);

interface VolumeAttachment {
  spec: { nodeName: string };
}

/**
 * A kubelet may read the secrets, config maps, claims and tokens of the pods bound
 * to its node, and nothing of anybody else's (upstream's Node authorizer).
 */
export class NodeAuthorizer implements Authorizer {
  private readonly store: Store;
  /** node → keys of its pods; built on first use, kept by the cache's changes. */
  private podsOf: Map<string, Set<string>> | undefined;

  constructor(store: Store) {
    this.store = store;
  }

  authorize(a: Attributes): Decision {
    const node = nodeOf(a.user);
    if (node === undefined || !a.isResource) return NO_OPINION;
    if (a.group === "" && (a.resource === "secrets" || a.resource === "configmaps")) {
      const found = a.subresource === "" && READ.has(a.verb) && a.name !== "" && (this.uses(node, a) || this.storageUses(node, a));
      return decide(found, `no relationship found between node '${node}' and this object`);
    }
    if (a.group === "" && a.resource === "persistentvolumeclaims")
      return decide(a.verb === "get" && a.subresource === "" && this.uses(node, a), "can only get claims of its pods");
    if (a.group === "" && a.resource === "serviceaccounts") {
      return decide(
        a.subresource === "token" ? a.verb === "create" && this.uses(node, a) : a.verb === "get" && this.uses(node, a),
        "can only ask for tokens of its pods' accounts",
      );
    }
    if (a.group === "" && a.resource === "persistentvolumes") {
      return decide(a.verb === "get" && a.subresource === "" && this.mounts(node, a.name), "can only get volumes of its pods");
    }
    if (a.group === "storage.k8s.io" && a.resource === "volumeattachments") {
      const attachment = this.store.cache("volumeattachments").get(`/registry/volumeattachments/${a.name}`)?.object;
      const own = (attachment as unknown as VolumeAttachment | undefined)?.spec.nodeName === node;
      return decide(a.verb === "get" && a.subresource === "" && own, "can only get attachments to the node");
    }
    if (a.group === "coordination.k8s.io" && a.resource === "leases") {
      return decide(a.namespace === "kube-node-lease" && (a.name === node || a.verb === "create"), "can only access its own lease");
    }
    if (a.group === "storage.k8s.io" && a.resource === "csinodes")
      return decide(a.name === node || a.verb === "create", "can only access its own CSINode");
    return NODE_RULES.some((rule) => ruleAllows(rule, a)) ? { allowed: true, reason: "" } : NO_OPINION;
  }

  rulesFor(user: User): PolicyRule[] {
    return nodeOf(user) === undefined ? [] : NODE_RULES;
  }

  private uses(node: string, a: Pick<Attributes, "resource" | "namespace" | "name">): boolean {
    const cache = this.store.cache("pods");
    for (const key of this.index().get(node) ?? []) {
      const entry = cache.get(key);
      if (entry && entry.namespace === a.namespace && refersTo(entry.object as unknown as Pod, a.resource, a.name)) return true;
    }
    return false;
  }

  /** Whether a claim of one of the node's pods is bound to the volume. */
  private mounts(node: string, volume: string): boolean {
    const found = this.store.cache("persistentvolumes").get(`/registry/persistentvolumes/${volume}`)?.object;
    const claim = (found as unknown as PersistentVolume | undefined)?.spec?.claimRef;
    if (!claim?.name || !claim.namespace) return false;
    return this.uses(node, { resource: "persistentvolumeclaims", namespace: claim.namespace, name: claim.name });
  }

  /** Secrets that the driver of a mounted volume needs. */
  private storageUses(node: string, { resource, namespace, name }: Attributes): boolean {
    const volumes = this.store.cache("persistentvolumes");
    if (resource !== "secrets" || volumes.size === 0) return false;
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
    const cache = this.store.cache("pods");
    for (const entry of cache.scan("/registry/pods/")) add(entry.key, nodeNameOf(entry.object));
    cache.subscribe(cache.lastRevision, ({ type, entry, previous }: Change) => {
      const before = previous && nodeNameOf(previous.object);
      if (before) podsOf.get(before)?.delete(entry.key);
      if (type !== "DELETED") add(entry.key, nodeNameOf(entry.object));
    });
    return podsOf;
  }
}

const decide = (allowed: boolean, reason: string): Decision =>
  allowed ? { allowed: true, reason: "" } : { allowed: false, denied: false, reason };

function nodeOf(user: User): string | undefined {
  return user.groups.includes("system:nodes") && user.name.startsWith(NODE_USER) ? user.name.slice(NODE_USER.length) : undefined;
}

const nodeNameOf = (object: object): string | undefined => (object as Pod).spec?.nodeName;

/** Whether the pod names this secret, config map, claim or account anywhere. */
export function refersTo(pod: Pod, resource: string, name: string): boolean {
  const spec = pod.spec;
  // The node itself makes mirror pods: they give it no access.
  if (!spec || isMirrorPod(pod)) return false;
  if (resource === "serviceaccounts") return (spec.serviceAccountName ?? "default") === name;
  return referencesOf(spec, resource).has(name);
}

function referencesOf(spec: PodSpec, resource: string): Set<string | undefined> {
  const names = new Set<string | undefined>();
  const secrets = resource === "secrets";
  for (const container of [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]) {
    for (const { secretRef, configMapRef } of container.envFrom ?? []) names.add((secrets ? secretRef : configMapRef)?.name);
    for (const { valueFrom } of container.env ?? []) names.add((secrets ? valueFrom?.secretKeyRef : valueFrom?.configMapKeyRef)?.name);
  }
  if (resource === "persistentvolumeclaims") names.clear();
  if (secrets) for (const { name } of spec.imagePullSecrets ?? []) names.add(name);
  for (const volume of spec.volumes ?? []) {
    if (secrets) names.add(volume.secret?.secretName);
    else if (resource === "configmaps") names.add(volume.configMap?.name);
    else names.add(volume.persistentVolumeClaim?.claimName);
    for (const source of volume.projected?.sources ?? []) names.add((secrets ? source.secret : source.configMap)?.name);
  }
  return names;
}
