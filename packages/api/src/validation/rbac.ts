/** Roles and bindings (upstream: pkg/apis/rbac/validation). */
import type { FieldErrors } from "../field-error.ts";
import { dns1123SubdomainErrors, pathSegmentErrors } from "../names.ts";
import type { ClusterRole, Role, RoleBinding } from "../types.ts";
import { immutable, isUsableSelector, validateLabelSelector } from "./common.ts";

const RBAC_GROUP = "rbac.authorization.k8s.io";
const SUBJECT_KINDS = ["Group", "ServiceAccount", "User"];

export const roleName = (name: string): string[] => pathSegmentErrors(name);

export function validateRules(rules: Role["rules"], namespaced: boolean, errors: FieldErrors): void {
  (rules ?? []).forEach((rule, index) => {
    const at = `rules[${index}]`;
    if ((rule.verbs ?? []).length === 0) errors.required(`${at}.verbs`, "verbs must contain at least one value");
    const urls = rule.nonResourceURLs ?? [];
    if (urls.length > 0) {
      if (namespaced) errors.invalid(`${at}.nonResourceURLs`, urls, "namespaced rules cannot apply to non-resource URLs");
      if ((rule.apiGroups ?? []).length > 0 || (rule.resources ?? []).length > 0 || (rule.resourceNames ?? []).length > 0) {
        errors.invalid(`${at}.nonResourceURLs`, urls, "rules cannot apply to both regular resources and non-resource URLs");
      }
      return;
    }
    if ((rule.apiGroups ?? []).length === 0) errors.required(`${at}.apiGroups`, "resource rules must supply at least one api group");
    if ((rule.resources ?? []).length === 0) errors.required(`${at}.resources`, "resource rules must supply at least one resource");
  });
}

/** A role made of others picks them by at least one selector. */
export function validateAggregation(rule: ClusterRole["aggregationRule"], errors: FieldErrors): void {
  if (!rule) return;
  const at = "aggregationRule.clusterRoleSelectors";
  const selectors = rule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) errors.required(at, "at least one clusterRoleSelector required if aggregationRule is non-nil");
  selectors.forEach((selector, index) => {
    validateLabelSelector(selector, `${at}[${index}]`, errors);
    if (!isUsableSelector(selector)) errors.invalid(`${at}[${index}]`, selector, "invalid label selector.");
  });
}

/** Group of the reference and of user and group subjects, where left out. */
export function defaultBinding(binding: RoleBinding): void {
  if (binding.roleRef) binding.roleRef.apiGroup ||= RBAC_GROUP;
  for (const subject of binding.subjects ?? []) if (subject.kind !== "ServiceAccount") subject.apiGroup ||= RBAC_GROUP;
}

export function validateBinding(binding: RoleBinding, roleKinds: readonly string[], errors: FieldErrors): void {
  const { roleRef } = binding;
  if (roleRef?.apiGroup !== RBAC_GROUP) errors.notSupported("roleRef.apiGroup", roleRef?.apiGroup ?? "", [RBAC_GROUP]);
  if (!roleKinds.includes(roleRef?.kind ?? "")) errors.notSupported("roleRef.kind", roleRef?.kind ?? "", roleKinds);
  if (!roleRef?.name) errors.required("roleRef.name");
  else errors.invalidEach("roleRef.name", roleRef.name, pathSegmentErrors(roleRef.name));
  (binding.subjects ?? []).forEach((subject, index) => {
    const at = `subjects[${index}]`;
    if (!subject.name) errors.required(`${at}.name`);
    if (!SUBJECT_KINDS.includes(subject.kind)) errors.notSupported(`${at}.kind`, subject.kind ?? "", SUBJECT_KINDS);
    else if (subject.kind === "ServiceAccount") {
      if (subject.name) errors.invalidEach(`${at}.name`, subject.name, dns1123SubdomainErrors(subject.name));
      if (subject.apiGroup) errors.notSupported(`${at}.apiGroup`, subject.apiGroup, [""]);
      if (!subject.namespace && roleKinds.length === 1) errors.required(`${at}.namespace`);
    } else if (subject.apiGroup !== RBAC_GROUP) errors.notSupported(`${at}.apiGroup`, subject.apiGroup ?? "", [RBAC_GROUP]);
  });
}

export function validateBindingUpdate(binding: RoleBinding, old: RoleBinding, errors: FieldErrors): void {
  if (old.roleRef) {
    const before = errors.list.length;
    immutable("roleRef", binding.roleRef, old.roleRef, errors);
    if (errors.list.length > before) {
      errors.list.length = before;
      errors.invalid("roleRef", binding.roleRef, "cannot change roleRef");
    }
  }
}
