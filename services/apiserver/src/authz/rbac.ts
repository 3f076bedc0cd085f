import { type ClusterRole, type ClusterRoleBinding, parseLabelSelector, type Role, type RoleBinding } from "@flotilla/api";
import type { User } from "../request/call.ts";
import { selectorText } from "../request/selector-text.ts";
import type { ResourceCache } from "../storage/resource-cache.ts";
import type { Store } from "../storage/store.ts";
import { type Attributes, type Authorizer, type Decision, NO_OPINION, type PolicyRule } from "./authorizer.ts";
import { ruleAllows } from "./rules.ts";

const DECISIONS_MAX = 20_000;
const KEY_LENGTH_MAX = 1_024;

interface Grant {
  rules: readonly PolicyRule[];
  reason: string;
}

interface Index {
  /** By subject: "u:name", "g:group". Service accounts are users. */
  cluster: Map<string, Grant[]>;
  byNamespace: Map<string, Map<string, Grant[]>>;
}

/**
 * RBAC over the watch cache. The index of who is bound to what is rebuilt when one
 * of the four kinds changes, and decisions are remembered until then.
 */
export class RbacAuthorizer implements Authorizer {
  private readonly sources: ResourceCache[];
  private index: Index = { cluster: new Map(), byNamespace: new Map() };
  private builtAt = "";
  private readonly decisions = new Map<string, Decision>();
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
    this.sources = ["roles", "clusterroles", "rolebindings", "clusterrolebindings"].map((resource) => store.cache(resource));
  }

  authorize(a: Attributes): Decision {
    this.refresh();
    const key = JSON.stringify([
      a.user.name,
      a.user.groups,
      a.verb,
      a.isResource ? [a.group, a.resource, a.subresource, a.namespace, a.name] : a.path,
    ]);
    const known = this.decisions.get(key);
    if (known) return known;
    const decision = this.decide(a);
    // Anybody may ask for paths of any length: they must not fill the memory.
    if (key.length > KEY_LENGTH_MAX) return decision;
    if (this.decisions.size >= DECISIONS_MAX) this.decisions.clear();
    this.decisions.set(key, decision);
    return decision;
  }

  rulesFor(user: User, namespace: string): PolicyRule[] {
    this.refresh();
    return [...this.grants(user, namespace)].flatMap((grant) => grant.rules);
  }

  private decide(a: Attributes): Decision {
    for (const grant of this.grants(a.user, a.namespace)) {
      if (grant.rules.some((rule) => ruleAllows(rule, a))) return { allowed: true, reason: grant.reason };
    }
    return NO_OPINION;
  }

  private *grants(user: User, namespace: string): Generator<Grant> {
    const subjects = [`u:${user.name}`, ...user.groups.map((group) => `g:${group}`)];
    for (const subject of subjects) yield* this.index.cluster.get(subject) ?? [];
    const local = namespace === "" ? undefined : this.index.byNamespace.get(namespace);
    if (local) for (const subject of subjects) yield* local.get(subject) ?? [];
  }

  private refresh(): void {
    const version = this.sources.map((cache) => `${cache.lastRevision}.${cache.size}`).join();
    if (version === this.builtAt) return;
    this.decisions.clear();
    // If a stored role cannot be read, nothing is granted by the roles of yesterday.
    this.index = this.build();
    this.builtAt = version;
  }

  private build(): Index {
    const index: Index = { cluster: new Map(), byNamespace: new Map() };
    const scan = <T>(resource: string) =>
      [...this.store.cache(resource).scan(`/registry/${resource}/`)].map((entry) => entry.object as unknown as T);
    const clusterRoleObjects = scan<ClusterRole>("clusterroles");
    const clusterRoles = new Map(clusterRoleObjects.map((role) => [role.metadata.name, effectiveRules(role, clusterRoleObjects)]));
    const roles = new Map(scan<Role>("roles").map((role) => [`${role.metadata.namespace}/${role.metadata.name}`, role.rules]));
    for (const binding of scan<ClusterRoleBinding>("clusterrolebindings")) {
      const rules = (clusterRoles.get(binding.roleRef.name) ?? []) as PolicyRule[];
      addGrants(index.cluster, binding, rules, `ClusterRoleBinding ${JSON.stringify(binding.metadata.name)}`);
    }
    for (const binding of scan<RoleBinding>("rolebindings")) {
      const { namespace = "" } = binding.metadata;
      const { kind, name } = binding.roleRef;
      const rules = (kind === "ClusterRole" ? clusterRoles.get(name) : roles.get(`${namespace}/${name}`)) ?? [];
      let local = index.byNamespace.get(namespace);
      if (!local) index.byNamespace.set(namespace, (local = new Map()));
      addGrants(local, binding, rules as PolicyRule[], `RoleBinding ${JSON.stringify(`${binding.metadata.name}/${namespace}`)}`);
    }
    return index;
  }
}

/** A role's rules and, for an aggregated one, those of the roles it selects, and so on: also before any controller has written them down. */
export function effectiveRules(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const gathered = new Set([role]);
  // The set grows while it is walked; each role counts once, also where roles gather each other.
  for (const { aggregationRule } of gathered) {
    const selectors = (aggregationRule?.clusterRoleSelectors ?? []).map((selector) => parseLabelSelector(selectorText(selector)));
    if (selectors.length === 0) continue;
    for (const other of all) if (selectors.some((selector) => selector.matches(other.metadata.labels))) gathered.add(other);
  }
  return [...gathered].flatMap(({ rules }) => (rules ?? []) as PolicyRule[]);
}

function addGrants(into: Map<string, Grant[]>, binding: RoleBinding | ClusterRoleBinding, rules: PolicyRule[], source: string): void {
  for (const subject of binding.subjects ?? []) {
    const namespace = subject.namespace || binding.metadata.namespace || "";
    const key =
      subject.kind === "Group"
        ? `g:${subject.name}`
        : subject.kind === "ServiceAccount"
          ? `u:system:serviceaccount:${namespace}:${subject.name}`
          : `u:${subject.name}`;
    const role = `${binding.roleRef.kind} ${JSON.stringify(binding.roleRef.name)} to ${subject.kind} ${JSON.stringify(subject.name)}`;
    const grant = { rules, reason: `RBAC: allowed by ${source} of ${role}` };
    const list = into.get(key);
    if (list) list.push(grant);
    else into.set(key, [grant]);
  }
}
