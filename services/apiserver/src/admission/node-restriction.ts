import { jsonEqual, type KubeObject, type Node, type Pod } from "@flotilla/api";
import { forbidden } from "../request/errors.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./admission.ts";
import { type CacheReader, cachedObject } from "./cached.ts";
import { labelsBeyond } from "./nodes/labels.ts";
import { referencesOfMirror } from "./nodes/mirror.ts";

const NODE_USER = "system:node:";
const MIRROR = "kubernetes.io/config.mirror";

/** What the Node authorizer cannot see: that a kubelet writes only about its own node and the pods on it. */
export function nodeRestriction({ store }: { store: CacheReader }): AdmissionPlugin {
  return {
    name: "NodeRestriction",
    async validate(attributes, object, old) {
      const { user, definition, operation } = attributes;
      if (!user.groups.includes("system:nodes") || !user.name.startsWith(NODE_USER)) return;
      const node = user.name.slice(NODE_USER.length);
      const refuse: Refuse = (why) => {
        throw forbidden(definition, attributes.name, why);
      };
      const check = CHECKS[`${definition.group}/${definition.resource}`];
      if (check && operation !== "CONNECT") await check({ attributes, object, old, node, store, refuse });
    },
  };
}

type Refuse = (why: string) => never;

interface Bound {
  kind?: string;
  name?: string;
  uid?: string;
}

interface Write {
  attributes: AdmissionAttributes;
  object: KubeObject | undefined;
  old: KubeObject | undefined;
  node: string;
  store: CacheReader;
  refuse: Refuse;
}

const CHECKS: Record<string, (write: Write) => void | Promise<void>> = {
  "/pods": checkPod,
  "/nodes": checkNode,
  "/serviceaccounts": checkToken,
  "coordination.k8s.io/leases": ({ attributes, object, node, refuse }) => {
    if (attributes.namespace !== "kube-node-lease") refuse(`can only access leases in the "kube-node-lease" system namespace`);
    if ((attributes.name || object?.metadata.name) !== node) refuse("can only access node lease with the same name as the requesting node");
  },
  "storage.k8s.io/csinodes": ({ attributes, object, node, refuse }) => {
    if ((attributes.name || object?.metadata.name) !== node) refuse("can only access CSINode with the same name as the requesting node");
  },
};

function checkPod(write: Write): void | Promise<void> {
  const { attributes, object, old, node, refuse } = write;
  const { operation, subresource } = attributes;
  const who = `node ${JSON.stringify(node)}`;
  if (subresource === "eviction") return checkEviction(write, who);
  if (subresource === "status") {
    if (operation !== "UPDATE") refuse(`unexpected operation ${JSON.stringify(operation)}`);
    const [pod, before] = [object as unknown as Pod, old as unknown as Pod];
    if (before.spec?.nodeName !== node) refuse(`${who} can only update pod status for pods with spec.nodeName set to itself`);
    if (!jsonEqual(pod.metadata.labels ?? {}, before.metadata.labels ?? {})) refuse(`${who} cannot update labels through pod status`);
    return;
  }
  if (subresource !== "") refuse(`unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`);
  if (operation === "DELETE") {
    if ((old as unknown as Pod | undefined)?.spec?.nodeName !== node)
      refuse(`${who} can only delete pods with spec.nodeName set to itself`);
    return;
  }
  if (operation !== "CREATE") refuse(`unexpected operation ${JSON.stringify(operation)}, ${who} can only create and delete mirror pods`);
  const pod = object as unknown as Pod;
  if (pod.metadata.annotations?.[MIRROR] === undefined)
    refuse(`pod does not have ${JSON.stringify(MIRROR)} annotation, ${who} can only create mirror pods`);
  if (pod.spec?.nodeName !== node) refuse(`${who} can only create pods with spec.nodeName set to itself`);
  checkOwner(write, pod, who);
  const reference = referencesOfMirror(pod);
  if (reference) refuse(`${who} can not create pods that reference ${reference}`);
}

/** Nobody but the node owns a mirror pod: or its deletion would take others' pods along. */
function checkOwner({ node, store, refuse }: Write, pod: Pod, who: string): void {
  const owners = pod.metadata.ownerReferences ?? [];
  const [owner] = owners;
  if (owners.length === 0) return;
  const own = owner && owner.apiVersion === "v1" && owner.kind === "Node" && owner.name === node;
  if (owners.length > 1 || !own) refuse(`${who} can only create pods with an owner reference set to itself`);
  if (owner!.controller !== true) refuse(`${who} can only create pods with a controller owner reference set to itself`);
  if (owner!.blockOwnerDeletion) refuse(`${who} must not set blockOwnerDeletion on an owner reference`);
  const live = cachedObject<Node>(store, "nodes", "", node);
  if (live && live.metadata.uid !== owner!.uid) refuse(`${who} can only create pods with an owner reference set to itself`);
}

async function checkEviction({ attributes, node, store, refuse }: Write, who: string): Promise<void> {
  const find = () => cachedObject<Pod>(store, "pods", attributes.namespace, attributes.name);
  if (!find()) await store.fresh();
  const pod = find();
  if (pod && pod.spec?.nodeName !== node) refuse(`${who} can only evict pods with spec.nodeName set to itself`);
}

function checkNode({ attributes, object, old, node, refuse }: Write): void {
  const { operation, name } = attributes;
  const who = `node ${JSON.stringify(node)}`;
  const target = name || object?.metadata.name || "";
  if (target !== node) refuse(`${who} is not allowed to modify node ${JSON.stringify(target)}`);
  if (operation === "DELETE") refuse(`${who} is not allowed to delete nodes`);
  if (operation === "CREATE") {
    const labels = labelsBeyond(object?.metadata.labels, undefined, true);
    if (labels.length > 0) refuse(`${who} is not allowed to set the following labels: ${labels.join(", ")}`);
    return;
  }
  const labels = labelsBeyond(object?.metadata.labels, old?.metadata.labels, false);
  if (labels.length > 0) refuse(`${who} is not allowed to modify labels: ${labels.join(", ")}`);
  const taints = (one: KubeObject | undefined) => (one as unknown as Node | undefined)?.spec?.taints ?? [];
  if (!jsonEqual(taints(object), taints(old))) refuse(`${who} is not allowed to modify taints`);
  // An owner that does not exist would have it deleted, and it could come back with other labels (CVE-2025-5187).
  const owners = (one: KubeObject | undefined) => one?.metadata.ownerReferences ?? [];
  if (!jsonEqual(owners(object), owners(old))) refuse(`${who} is not allowed to modify ownerReferences`);
}

/** A kubelet asks for tokens that die with one of its pods. */
async function checkToken({ attributes, object, node, store, refuse }: Write): Promise<void> {
  if (attributes.subresource !== "token" || attributes.operation !== "CREATE") return;
  const reference = (object as unknown as { spec?: { boundObjectRef?: Bound } } | undefined)?.spec?.boundObjectRef;
  if (reference?.kind !== "Pod" || !reference.name) return refuse("node requested token not bound to a pod");
  if (!reference.uid) return refuse("node requested token with a pod binding without a uid");
  const find = () => cachedObject<Pod>(store, "pods", attributes.namespace, reference.name!);
  if (find()?.metadata.uid !== reference.uid) await store.fresh();
  const pod = find();
  if (!pod) return refuse(`pod ${JSON.stringify(reference.name)} not found`);
  if (pod.metadata.uid !== reference.uid)
    refuse(`the UID in the bound object reference (${reference.uid}) does not match the UID in record (${pod.metadata.uid})`);
  if (pod.spec?.nodeName !== node) refuse("node requested token bound to a pod scheduled on a different node");
}
