import { type ClusterRole, jsonEqual, type KubeObject, type RoleBinding } from "@flotilla/api";
import { checkOf } from "../authz/attributes.ts";
import type { Authorizer, PolicyRule } from "../authz/authorizer.ts";
import { effectiveRules } from "../authz/rbac.ts";
import { uncovered } from "../authz/rules.ts";
import { forbidden, notFound } from "../request/errors.ts";
import type { Store } from "../storage/store.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./admission.ts";
import { cachedObjects } from "./cached.ts";

const GROUP = "rbac.authorization.k8s.io";

/** Nobody hands out more than they hold, by writing a role or by binding one. Cannot be turned off. */
export function rbacEscalation({ store, authorizer }: { store: Store; authorizer: Authorizer }): AdmissionPlugin {
  return {
    name: "RBACEscalation",
    validate(attributes, object, old) {
      if (attributes.definition.group !== GROUP || attributes.operation === "DELETE" || !object) return;
      if (old && onlyLetsGo(object, old)) return;
      const { resource } = attributes.definition;
      if (resource === "roles" || resource === "clusterroles") checkRole(authorizer, attributes, object, old);
      if (resource === "rolebindings" || resource === "clusterrolebindings")
        return checkBinding(store, authorizer, attributes, object as unknown as RoleBinding);
    },
  };
}

/** Every permission there is: who gathers rules by aggregation may come to hold any. */
const FULL_AUTHORITY: PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

/** The garbage collector takes away owners and finalizers of roles that it could not grant. */
function onlyLetsGo(object: KubeObject, old: KubeObject): boolean {
  const rest = ({ metadata, ...body }: KubeObject) => {
    const { ownerReferences: _, finalizers: __, managedFields: ___, resourceVersion: ____, ...meta } = metadata;
    return { ...body, metadata: meta };
  };
  return jsonEqual(rest(object), rest(old)) && !jsonEqual(object.metadata, old.metadata);
}

/** Any change counts: a label may make a role part of another that gathers by it. */
function checkRole(authorizer: Authorizer, attributes: AdmissionAttributes, object: KubeObject, old: KubeObject | undefined): void {
  if (may(authorizer, attributes, "escalate", attributes.definition.resource, attributes.name)) return;
  checkCovered(authorizer, attributes, rulesOf(object));
  if (gathers(object) || (old && gathers(old))) checkCovered(authorizer, attributes, FULL_AUTHORITY);
}

const gathers = (role: KubeObject): boolean => ((role as unknown as ClusterRole).aggregationRule?.clusterRoleSelectors ?? []).length > 0;

async function checkBinding(store: Store, authorizer: Authorizer, attributes: AdmissionAttributes, binding: RoleBinding): Promise<void> {
  const { kind, name } = binding.roleRef;
  const resource = kind === "ClusterRole" ? "clusterroles" : "roles";
  if (may(authorizer, attributes, "bind", resource, name)) return;
  const key = kind === "ClusterRole" ? `/registry/clusterroles/${name}` : `/registry/roles/${attributes.namespace}/${name}`;
  const find = () => store.cache(resource).get(key)?.object;
  // It may have been made a moment ago through another server.
  if (!find()) await store.fresh();
  const role = find();
  if (!role) throw notFound({ group: GROUP, resource }, name);
  // What the role gathers counts, whether or not a controller has written it down yet: the authorizer grants it.
  const all = gathers(role) ? cachedObjects<ClusterRole>(store, "clusterroles", "") : [];
  checkCovered(authorizer, attributes, effectiveRules(role as unknown as ClusterRole, all));
}

const rulesOf = (role: KubeObject): PolicyRule[] => (role["rules"] ?? []) as PolicyRule[];

function may(authorizer: Authorizer, { user, namespace }: AdmissionAttributes, verb: string, resource: string, name: string): boolean {
  return authorizer.authorize(checkOf(user, verb, { group: GROUP, resource, namespace, name })).allowed;
}

function checkCovered(authorizer: Authorizer, attributes: AdmissionAttributes, wanted: PolicyRule[]): void {
  const { user, namespace, definition, name } = attributes;
  const missing = uncovered(authorizer.rulesFor(user, namespace), wanted);
  if (missing.length === 0) return;
  const groups = user.groups.map((group) => JSON.stringify(group)).join(" ");
  throw forbidden(
    definition,
    name,
    `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${missing.map(show).join("\n")}`,
  );
}

function show(rule: PolicyRule): string {
  const list = (values: string[]) => `[${values.map((value) => JSON.stringify(value)).join(" ")}]`;
  const parts = [
    rule.apiGroups && `APIGroups:${list(rule.apiGroups)}`,
    rule.resources && `Resources:${list(rule.resources)}`,
    rule.resourceNames && `ResourceNames:${list(rule.resourceNames)}`,
    rule.nonResourceURLs && `NonResourceURLs:${list(rule.nonResourceURLs)}`,
    rule.verbs && `Verbs:${list(rule.verbs)}`,
  ];
  return `{${parts.filter((part) => part !== undefined).join(", ")}}`;
}
