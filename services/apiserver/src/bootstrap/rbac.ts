import type { KubeObject } from "@flotilla/api";
import type { PolicyRule } from "../authz/authorizer.ts";
import { uncovered } from "../authz/rules.ts";
import type { Kernel } from "../registry/kernel.ts";
import { modifyStored } from "../registry/modify-stored.ts";
import { ensure } from "./namespaces.ts";
import { BINDINGS, type BootstrapBinding, type BootstrapRole, ROLES } from "./policy.ts";

const GROUP = "rbac.authorization.k8s.io";
const API_VERSION = `${GROUP}/v1`;
const AUTO_UPDATE = "rbac.authorization.kubernetes.io/autoupdate";
const BOOTSTRAPPING = "kubernetes.io/bootstrapping";

/** The default roles and bindings: missing ones are made, and missing rules and subjects are added (auto-reconciliation). */
export async function ensureRbac(kernel: Kernel): Promise<void> {
  await Promise.all(ROLES.map((role) => ensureRole(kernel, role)));
  await Promise.all(BINDINGS.map((binding) => ensureBinding(kernel, binding)));
}

const metadataOf = (name: string, labels: Record<string, string> | undefined, namespace: string | undefined) => ({
  name,
  ...(namespace ? { namespace } : {}),
  annotations: { [AUTO_UPDATE]: "true" },
  labels: { [BOOTSTRAPPING]: "rbac-defaults", ...labels },
});

async function ensureRole(kernel: Kernel, role: BootstrapRole): Promise<void> {
  const resource = role.namespace ? "roles" : "clusterroles";
  const definition = kernel.definitions.find(GROUP, "v1", resource)!;
  const object: KubeObject = {
    kind: role.namespace ? "Role" : "ClusterRole",
    apiVersion: API_VERSION,
    metadata: metadataOf(role.name, role.labels, role.namespace),
    ...(role.aggregate ? { aggregationRule: { clusterRoleSelectors: role.aggregate.map((matchLabels) => ({ matchLabels })) } } : {}),
    rules: role.aggregate ? gathered(role) : role.rules,
  };
  if (await ensure(kernel, definition, role.namespace ?? "", object)) return;
  if (role.aggregate) return;
  await modifyStored(kernel, definition, role.namespace ?? "", role.name, (current) => {
    if (current.metadata.annotations?.[AUTO_UPDATE] === "false") return undefined;
    const rules = (current["rules"] ?? []) as PolicyRule[];
    const missing = uncovered(rules, role.rules);
    return missing.length === 0 ? undefined : { ...current, rules: [...rules, ...missing] };
  });
}

/** An aggregated role starts with what the defaults give it; afterwards a controller and the authorizer follow the labels. */
function gathered(role: BootstrapRole): PolicyRule[] {
  const matches = (other: BootstrapRole) =>
    role.aggregate!.some((want) => Object.entries(want).every(([key, value]) => other.labels?.[key] === value));
  return ROLES.filter((other) => other !== role && matches(other)).flatMap((other) => (other.aggregate ? gathered(other) : other.rules));
}

async function ensureBinding(kernel: Kernel, binding: BootstrapBinding): Promise<void> {
  const resource = binding.namespace ? "rolebindings" : "clusterrolebindings";
  const definition = kernel.definitions.find(GROUP, "v1", resource)!;
  const roleKind = binding.namespace && binding.localRole ? "Role" : "ClusterRole";
  const subjects = binding.subjects.map((subject) => ({ ...subject, ...(subject.kind === "ServiceAccount" ? {} : { apiGroup: GROUP }) }));
  const object: KubeObject = {
    kind: binding.namespace ? "RoleBinding" : "ClusterRoleBinding",
    apiVersion: API_VERSION,
    metadata: metadataOf(binding.name, undefined, binding.namespace),
    roleRef: { apiGroup: GROUP, kind: roleKind, name: binding.role },
    subjects,
  };
  if (await ensure(kernel, definition, binding.namespace ?? "", object)) return;
  await modifyStored(kernel, definition, binding.namespace ?? "", binding.name, (current) => {
    if (current.metadata.annotations?.[AUTO_UPDATE] === "false") return undefined;
    const present = (current["subjects"] ?? []) as { kind: string; name: string; namespace?: string }[];
    const missing = subjects.filter(
      (s) => !present.some((p) => p.kind === s.kind && p.name === s.name && (p.namespace ?? "") === (s.namespace ?? "")),
    );
    return missing.length === 0 ? undefined : { ...current, subjects: [...present, ...missing] };
  });
}
