import type { User } from "../request/call.ts";
import type { RequestInfo } from "../request/request-info.ts";
import type { FlowSchema, PolicyRules, Subject } from "./objects.ts";

/** A flow schema asks for requests by who, what and where. */
export function matchesSchema({ spec }: FlowSchema, user: User, info: RequestInfo): boolean {
  return (spec.rules ?? []).some((rule) => (rule.subjects ?? []).some((subject) => isSubject(subject, user)) && matchesRequest(rule, info));
}

function isSubject(subject: Subject, user: User): boolean {
  switch (subject.kind) {
    case "User":
      return matchesName(subject.user?.name, [user.name]);
    case "Group":
      return matchesName(subject.group?.name, user.groups);
    case "ServiceAccount": {
      const { namespace, name } = subject.serviceAccount ?? {};
      const prefix = `system:serviceaccount:${namespace}:`;
      return name === "*" ? user.name.startsWith(prefix) : user.name === prefix + name;
    }
    default:
      return false;
  }
}

const matchesName = (wanted: string | undefined, names: readonly string[]): boolean =>
  wanted === "*" || (wanted !== undefined && names.includes(wanted));

function matchesRequest(rule: PolicyRules, info: RequestInfo): boolean {
  if (!info.isResource) {
    return (rule.nonResourceRules ?? []).some(
      ({ verbs, nonResourceURLs }) => has(verbs, info.verb) && (nonResourceURLs ?? []).some((url) => matchesPath(url, info.path)),
    );
  }
  const asked = info.subresource === "" ? info.resource : `${info.resource}/${info.subresource}`;
  return (rule.resourceRules ?? []).some(
    ({ verbs, apiGroups, resources, clusterScope, namespaces }) =>
      has(verbs, info.verb) &&
      has(apiGroups, info.group) &&
      has(resources, asked) &&
      (info.namespace === "" ? clusterScope === true : has(namespaces, info.namespace)),
  );
}

const has = (values: readonly string[] | undefined, wanted: string): boolean =>
  values !== undefined && (values.includes("*") || values.includes(wanted));

function matchesPath(pattern: string, path: string): boolean {
  if (pattern === "*" || pattern === path) return true;
  return pattern.endsWith("/*") && path.startsWith(pattern.slice(0, -1));
}

/** What tells this schema's flows apart. */
export function distinguisherOf({ spec }: FlowSchema, user: User, info: RequestInfo): string {
  if (spec.distinguisherMethod?.type === "ByUser") return user.name;
  return spec.distinguisherMethod?.type === "ByNamespace" ? info.namespace : "";
}
