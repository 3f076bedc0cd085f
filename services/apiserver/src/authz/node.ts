import type { Pod, PodSpec } from "@flotilla/api";
import { NODE_RULES } from "../bootstrap/policy.ts";
import type { User } from "../request/call.ts";
import type { Change } from "../storage/resource-cache.ts";
import type { Store } from "../storage/store.ts";
import { type Attributes, type Authorizer, type Decision, NO_OPINION, type PolicyRule } from "./authorizer.ts";
import { ruleAllows } from "./rules.ts";

const NODE_USER = "system:node:";
const READ = new Set(["get", "list", "watch"]);

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
      return decide(READ.has(a.verb) && a.name !== "" && this.uses(node, a), "can only read objects that a pod on the node refers to");
    }
    if (a.group === "" && a.resource === "persistentvolumeclaims")
      return decide(a.verb === "get" && this.uses(node, a), "can only get claims of its pods");
    if (a.group === "" && a.resource === "serviceaccounts") {
      return decide(
        a.subresource === "token" ? a.verb === "create" && this.uses(node, a) : a.verb === "get" && this.uses(node, a),
        "can only ask for tokens of its pods' accounts",
      );
    }
    if (a.group === "" && a.resource === "persistentvolumes") return decide(a.verb === "get", "can only get volumes");
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

  private uses(node: string, a: Attributes): boolean {
    const cache = this.store.cache("pods");
    for (const key of this.index().get(node) ?? []) {
      const entry = cache.get(key);
      if (entry && entry.namespace === a.namespace && refersTo(entry.object as unknown as Pod, a.resource, a.name)) return true;
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
  if (!spec) return false;
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
