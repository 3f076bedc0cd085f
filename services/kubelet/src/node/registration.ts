import type { Node } from "@flotilla/api";

export interface NodeIdentity {
  name: string;
  hostname: string;
  architecture: string;
  labels: Record<string, string>;
  taints: Taint[];
  providerID?: string;
}

export type Taint = NonNullable<NonNullable<Node["spec"]>["taints"]>[number];

/** Labels every node carries. */
export function defaultLabels(identity: NodeIdentity): Record<string, string> {
  return {
    "beta.kubernetes.io/arch": identity.architecture,
    "beta.kubernetes.io/os": "linux",
    "kubernetes.io/arch": identity.architecture,
    "kubernetes.io/hostname": identity.hostname,
    "kubernetes.io/os": "linux",
    ...identity.labels,
  };
}

/** The Node object of a first registration. Pure. */
export function newNode(identity: NodeIdentity, status: NonNullable<Node["status"]>): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: identity.name,
      labels: defaultLabels(identity),
      annotations: { "volumes.kubernetes.io/controller-managed-attach-detach": "true" },
    },
    spec: {
      ...(identity.taints.length ? { taints: identity.taints } : {}),
      ...(identity.providerID ? { providerID: identity.providerID } : {}),
    },
    status,
  };
}

/** Labels an existing node lacks or has otherwise; empty: none. Pure. */
export function labelChanges(node: Node, identity: NodeIdentity): Record<string, string> {
  return Object.fromEntries(Object.entries(defaultLabels(identity)).filter(([key, value]) => node.metadata.labels?.[key] !== value));
}

/** Upstream's --register-with-taints: key=value:Effect. @throws Error */
export function parseTaint(text: string): Taint {
  const match = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text);
  if (!match) throw new Error(`invalid taint "${text}": want key=value:Effect`);
  return { key: match[1]!, ...(match[2] ? { value: match[2] } : {}), effect: match[3]! };
}
