import { podQosClass } from "../pod.ts";
import { matchesRequirement, type SelectorOperator } from "../selectors.ts";
import type { KubeObject, Pod, ResourceQuota } from "../types.ts";
import type { QuotaTarget } from "./usage.ts";

interface ScopeRequirement {
  scopeName: string;
  operator: string;
  values?: string[];
}

/** spec.scopes are requirements too: the scope's name alone means "Exists". */
export function scopeRequirements({ spec }: ResourceQuota): ScopeRequirement[] {
  return [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: "Exists" })),
    ...((spec?.scopeSelector?.matchExpressions ?? []) as ScopeRequirement[]),
  ];
}

/** Whether the object is in all scopes of the quota. Only pods are in any. */
export function inQuotaScopes(quota: ResourceQuota, target: QuotaTarget, object: KubeObject): boolean {
  const requirements = scopeRequirements(quota);
  if (requirements.length === 0) return true;
  if (target.group !== "" || target.resource !== "pods") return false;
  return requirements.every((requirement) => podInScope(requirement, object as unknown as Pod));
}

function podInScope({ scopeName, operator, values = [] }: ScopeRequirement, { spec }: Pod): boolean {
  if (!spec) return false;
  const terminating = spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0;
  switch (scopeName) {
    case "Terminating":
      return terminating;
    case "NotTerminating":
      return !terminating;
    case "BestEffort":
      return podQosClass(spec) === "BestEffort";
    case "NotBestEffort":
      return podQosClass(spec) !== "BestEffort";
    case "PriorityClass":
      return classMatches(operator, values, spec.priorityClassName ?? "");
    case "CrossNamespacePodAffinity":
      return crossesNamespaces(spec.affinity);
    default:
      return false;
  }
}

const OPERATORS: Record<string, SelectorOperator> = { In: "in", NotIn: "notin", Exists: "exists", DoesNotExist: "!" };

/** An empty class name counts as none. */
function classMatches(operator: string, values: string[], name: string): boolean {
  const known = OPERATORS[operator];
  return known !== undefined && matchesRequirement({ key: "class", operator: known, values }, name === "" ? {} : { class: name });
}

interface AffinityTerms {
  requiredDuringSchedulingIgnoredDuringExecution?: AffinityTerm[];
  preferredDuringSchedulingIgnoredDuringExecution?: { podAffinityTerm: AffinityTerm }[];
}

interface AffinityTerm {
  namespaces?: string[];
  namespaceSelector?: object;
}

function crossesNamespaces(affinity: unknown): boolean {
  const { podAffinity, podAntiAffinity } = (affinity ?? {}) as { podAffinity?: AffinityTerms; podAntiAffinity?: AffinityTerms };
  return [podAffinity, podAntiAffinity].some((terms) => {
    const preferred = (terms?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm);
    const all = [...(terms?.requiredDuringSchedulingIgnoredDuringExecution ?? []), ...preferred];
    return all.some((term) => (term.namespaces?.length ?? 0) > 0 || term.namespaceSelector !== undefined);
  });
}
