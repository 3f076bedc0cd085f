import { NODE_RULES } from "../bootstrap/policy.ts";
import type { User } from "../request/call.ts";
import type { Store } from "../storage/store.ts";
import { requirements } from "./attributes.ts";
import { type Attributes, type Authorizer, type Decision, NO_OPINION, type PolicyRule } from "./authorizer.ts";
import { type Kind, NodeRelations } from "./node-relations.ts";
import { ruleAllows } from "./rules.ts";

const NODE_USER = "system:node:";
const LEASES = "kube-node-lease";
const ALLOWED: Decision = { allowed: true, reason: "" };
const no = (reason: string): Decision => ({ allowed: false, denied: false, reason });

type Judge = (node: string, a: Attributes, relations: NodeRelations) => Decision;

/**
 * A kubelet may read and write its own node, the pods bound to it, and what those pods refer to; nothing of anybody
 * else's (upstream's Node authorizer; KEP-4601 for nodes and pods).
 */
export class NodeAuthorizer implements Authorizer {
  private readonly relations: NodeRelations;

  constructor(store: Pick<Store, "cache">) {
    this.relations = new NodeRelations(store);
  }

  authorize(a: Attributes): Decision {
    const node = nodeOf(a.user);
    if (node === undefined || !a.isResource) return NO_OPINION;
    const judge = JUDGES.get(`${a.group}/${a.resource}`);
    if (judge) return judge(node, a, this.relations);
    return NODE_RULES.some((rule) => ruleAllows(rule, a)) ? ALLOWED : NO_OPINION;
  }

  rulesFor(user: User): PolicyRule[] {
    return nodeOf(user) === undefined ? [] : NODE_RULES;
  }
}

/** Kinds of which a node may not have all that the rules allow. */
const JUDGES = new Map<string, Judge>([
  ["/secrets", readNamed("secrets")],
  ["/configmaps", readNamed("configmaps")],
  ["/persistentvolumeclaims", getNamed("persistentvolumeclaims")],
  ["/persistentvolumes", getNamed("persistentvolumes")],
  ["storage.k8s.io/volumeattachments", getNamed("volumeattachments")],
  ["/serviceaccounts", account],
  ["coordination.k8s.io/leases", lease],
  ["storage.k8s.io/csinodes", csiNode],
  ["/nodes", ownNode],
  ["/pods", ownPods],
]);

function related(kind: Kind, node: string, a: Attributes, relations: NodeRelations): Decision {
  if (a.name === "") return no("No Object name found");
  return relations.has(node, kind, a.namespace, a.name) ? ALLOWED : no(`no relationship found between node '${node}' and this object`);
}

function readNamed(kind: Kind): Judge {
  return (node, a, relations) => {
    if (!READ.has(a.verb)) return no("can only read resources of this type");
    if (a.subresource !== "") return no("cannot read subresource");
    if (a.namespace === "") return no("can only read namespaced object of this type");
    return related(kind, node, a, relations);
  };
}

function getNamed(kind: Kind): Judge {
  return (node, a, relations) => {
    if (a.verb !== "get") return no("can only get individual resources of this type");
    if (a.subresource !== "") return no("cannot get subresource");
    return related(kind, node, a, relations);
  };
}

/** Tokens of its pods' accounts; the account itself for credential providers. */
function account(node: string, a: Attributes, relations: NodeRelations): Decision {
  if (a.verb === "get" && a.subresource === "") return related("serviceaccounts", node, a, relations);
  if (a.verb !== "create" || a.name === "") return no("can only create tokens for individual service accounts");
  if (a.subresource !== "token") return no("can only create token subresource of serviceaccount");
  return related("serviceaccounts", node, a, relations);
}

const READ = new Set(["get", "list", "watch"]);
const SINGLE = new Set(["get", "create", "update", "patch", "delete"]);

/** Of what is created nobody knows the name yet: admission checks it. */
function lease(node: string, { verb, namespace, name }: Attributes): Decision {
  if (!SINGLE.has(verb)) return no("can only get, create, update, patch, or delete a node lease");
  if (namespace !== LEASES) return no(`can only access leases in the ${JSON.stringify(LEASES)} system namespace`);
  if (verb !== "create" && name !== node) return no("can only access node lease with the same name as the requesting node");
  return ALLOWED;
}

function csiNode(node: string, { verb, subresource, name }: Attributes): Decision {
  if (!SINGLE.has(verb)) return no("can only get, create, update, patch, or delete a CSINode");
  if (subresource !== "") return no("cannot authorize CSINode subresources");
  if (verb !== "create" && name !== node) return no("can only access CSINode with the same name as the requesting node");
  return ALLOWED;
}

/** Which node it writes, admission checks. */
function ownNode(node: string, { verb, subresource, name }: Attributes): Decision {
  if (subresource === "status") return verb === "update" || verb === "patch" ? ALLOWED : NO_OPINION;
  if (subresource !== "") return NO_OPINION;
  if (verb === "create" || verb === "update" || verb === "patch") return ALLOWED;
  if (!READ.has(verb)) return NO_OPINION;
  if (name === node) return ALLOWED;
  return no(`node '${node}' cannot read ${name === "" ? "all nodes" : `'${name}'`}, only its own Node object`);
}

function ownPods(node: string, a: Attributes, relations: NodeRelations): Decision {
  const { verb, subresource } = a;
  if (subresource === "status") return verb === "update" || verb === "patch" ? ALLOWED : NO_OPINION;
  if (subresource === "eviction") return verb === "create" ? ALLOWED : NO_OPINION;
  if (subresource !== "") return NO_OPINION;
  if (verb === "get") return related("pods", node, a, relations);
  if (verb === "create" || verb === "delete") return ALLOWED;
  if (verb !== "list" && verb !== "watch") return NO_OPINION;
  const own = requirements(a.fieldSelector).some(({ field, value }) => field === "spec.nodeName" && value === node);
  return own ? ALLOWED : no("can only list/watch pods with spec.nodeName field selector");
}

function nodeOf(user: User): string | undefined {
  if (!user.groups.includes("system:nodes") || !user.name.startsWith(NODE_USER)) return undefined;
  return user.name.slice(NODE_USER.length) || undefined;
}
