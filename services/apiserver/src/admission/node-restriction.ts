import type { KubeObject, Pod } from "@flotilla/api";
import { forbidden } from "../request/errors.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./admission.ts";

const NODE_USER = "system:node:";
const MIRROR = "kubernetes.io/config.mirror";
/** Labels by which workloads are kept away from nodes that are not trusted: a node may not give them to itself. */
const RESTRICTED_LABEL = /(^|\.)node-restriction\.kubernetes\.io\//;

/** What the Node authorizer cannot see: that a kubelet writes only about its own node and the pods on it. */
export function nodeRestriction(): AdmissionPlugin {
  return {
    name: "NodeRestriction",
    validate(attributes, object, old) {
      const { user, definition } = attributes;
      if (!user.groups.includes("system:nodes") || !user.name.startsWith(NODE_USER)) return;
      const node = user.name.slice(NODE_USER.length);
      const refuse = (why: string) => {
        throw forbidden(definition, attributes.name, `node ${JSON.stringify(node)} ${why}`);
      };
      if (definition.group === "" && definition.resource === "pods") checkPod(attributes, object, old, node, refuse);
      if (definition.group === "" && definition.resource === "nodes") checkNode(attributes, object, old, node, refuse);
      if (definition.resource === "leases" && attributes.namespace === "kube-node-lease" && attributes.name !== node) {
        refuse("can only access node lease with the same name as the requesting node");
      }
    },
  };
}

type Refuse = (why: string) => void;

function checkPod(
  { operation, subresource }: AdmissionAttributes,
  object: KubeObject | undefined,
  old: KubeObject | undefined,
  node: string,
  refuse: Refuse,
): void {
  const pod = (object ?? old) as unknown as Pod | undefined;
  if (pod?.spec?.nodeName !== node) refuse(`can only ${operation.toLowerCase()} pods with spec.nodeName set to itself`);
  if (operation === "CREATE" && subresource === "" && pod?.metadata.annotations?.[MIRROR] === undefined)
    refuse("can only create mirror pods");
  if (operation === "UPDATE" && subresource === "") refuse("can only update pod status");
}

function checkNode(
  { operation, name }: AdmissionAttributes,
  object: KubeObject | undefined,
  old: KubeObject | undefined,
  node: string,
  refuse: Refuse,
): void {
  if (name !== node) refuse(`is not allowed to modify node ${JSON.stringify(name)}`);
  if (operation === "DELETE") refuse("is not allowed to delete nodes");
  const [now, before] = [object?.metadata.labels ?? {}, old?.metadata.labels ?? {}];
  const changed = Object.keys({ ...now, ...before }).filter((label) => now[label] !== before[label] && RESTRICTED_LABEL.test(label));
  if (changed.length > 0) refuse(`is not allowed to set or remove the following label(s): ${changed.join(", ")}`);
}
