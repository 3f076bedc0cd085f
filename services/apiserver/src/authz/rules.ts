import type { Attributes, PolicyRule } from "./authorizer.ts";

/** Whether one RBAC rule allows the request. */
export function ruleAllows(rule: PolicyRule, a: Attributes): boolean {
  if (!has(rule.verbs, a.verb)) return false;
  if (!a.isResource) return (rule.nonResourceURLs ?? []).some((url) => urlMatches(url, a.path));
  if (!has(rule.apiGroups, a.group)) return false;
  if (!(rule.resources ?? []).some((pattern) => resourceMatches(pattern, a.resource, a.subresource))) return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || names.includes(a.name);
}

const has = (values: string[] | undefined, wanted: string): boolean =>
  values !== undefined && (values.includes("*") || values.includes(wanted));

/** "*", "pods", "pods/log", "*" + "/scale". */
function resourceMatches(pattern: string, resource: string, subresource: string): boolean {
  if (pattern === "*") return true;
  const asked = subresource === "" ? resource : `${resource}/${subresource}`;
  return pattern === asked || (subresource !== "" && pattern === `*/${subresource}`);
}

function urlMatches(pattern: string, path: string): boolean {
  return pattern === "*" || pattern === path || (pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1)));
}

/**
 * Whether `owned` covers every single permission in `wanted` (upstream's validation.Covers):
 * who hands out a role must hold all of it.
 */
export function uncovered(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(split).filter((one) => !owned.some((rule) => covers(rule, one)));
}

/** A rule as rules of one verb, group, resource and name each. */
function split(rule: PolicyRule): PolicyRule[] {
  const out: PolicyRule[] = [];
  for (const verb of rule.verbs ?? []) {
    for (const url of rule.nonResourceURLs ?? []) out.push({ verbs: [verb], nonResourceURLs: [url] });
    for (const group of rule.apiGroups ?? []) {
      for (const resource of rule.resources ?? []) {
        const base = { verbs: [verb], apiGroups: [group], resources: [resource] };
        const names = rule.resourceNames ?? [];
        if (names.length === 0) out.push(base);
        for (const name of names) out.push({ ...base, resourceNames: [name] });
      }
    }
  }
  return out;
}

function covers(rule: PolicyRule, one: PolicyRule): boolean {
  if (!has(rule.verbs, one.verbs![0]!)) return false;
  const url = one.nonResourceURLs?.[0];
  if (url !== undefined) return (rule.nonResourceURLs ?? []).some((pattern) => urlMatches(pattern, url));
  if (!has(rule.apiGroups, one.apiGroups![0]!)) return false;
  const [resource, subresource = ""] = one.resources![0]!.split("/") as [string, string?];
  if (!(rule.resources ?? []).some((pattern) => resourceMatches(pattern, resource, subresource))) return false;
  const names = rule.resourceNames ?? [];
  const name = one.resourceNames?.[0];
  return names.length === 0 || (name !== undefined && names.includes(name));
}
