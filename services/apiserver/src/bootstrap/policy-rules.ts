import type { PolicyRule } from "../authz/authorizer.ts";

export const READ = ["get", "list", "watch"];
export const WRITE = ["create", "delete", "deletecollection", "patch", "update"];

export function rule(verbs: readonly string[], groups: string | readonly string[], resources: readonly string[]): PolicyRule {
  return { verbs: [...verbs], apiGroups: [groups].flat(), resources: [...resources] };
}

export const urls = (verbs: readonly string[], nonResourceURLs: readonly string[]): PolicyRule => ({
  verbs: [...verbs],
  nonResourceURLs: [...nonResourceURLs],
});
