import { parse } from "yaml";
import type { User } from "../request/call.ts";
import type { RequestInfo } from "../request/request-info.ts";

export const LEVELS = ["None", "Metadata", "Request", "RequestResponse"] as const;
export const STAGES = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"] as const;
/** How much is recorded, rising. */
export type Level = (typeof LEVELS)[number];
export type Stage = (typeof STAGES)[number];

/** A rule holds when all that it names holds; empty lists hold always. */
interface Rule {
  level: Level;
  users: readonly string[];
  userGroups: readonly string[];
  verbs: readonly string[];
  resources: readonly { group: string; resources: readonly string[]; resourceNames: readonly string[] }[];
  namespaces: readonly string[];
  nonResourceURLs: readonly string[];
  omitStages: readonly Stage[];
  omitManagedFields: boolean;
}

export interface Decision {
  level: Level;
  omitStages: ReadonlySet<Stage>;
  omitManagedFields: boolean;
}

const NOTHING: Decision = { level: "None", omitStages: new Set(), omitManagedFields: false };

/** audit.k8s.io/v1 Policy: the first rule that holds decides; no rule, no record. */
export class AuditPolicy {
  private readonly rules: readonly { rule: Rule; decision: Decision }[];

  constructor(rules: readonly Rule[]) {
    this.rules = rules.map((rule) => ({
      rule,
      decision: { level: rule.level, omitStages: new Set(rule.omitStages), omitManagedFields: rule.omitManagedFields },
    }));
  }

  decide(user: User, info: RequestInfo): Decision {
    for (const { rule, decision } of this.rules) if (holds(rule, user, info)) return decision;
    return NOTHING;
  }
}

/** @throws Error that names the field. */
export function parseAuditPolicy(text: string): AuditPolicy {
  const policy = (parse(text) ?? {}) as Record<string, unknown>;
  if (policy["kind"] !== "Policy" || policy["apiVersion"] !== "audit.k8s.io/v1")
    throw new Error(`failed decoding: no kind "${policy["kind"]}" is registered for version "${policy["apiVersion"]}"`);
  const rules = policy["rules"];
  if (!Array.isArray(rules) || rules.length === 0) throw new Error("loaded illegal policy with 0 rules");
  const omitStages = stagesOf("omitStages", policy["omitStages"]);
  const omitManagedFields = policy["omitManagedFields"] === true;
  return new AuditPolicy(
    rules.map((rule, i) => ruleOf(`rules[${i}]`, (rule ?? {}) as Record<string, unknown>, omitStages, omitManagedFields)),
  );
}

function ruleOf(field: string, rule: Record<string, unknown>, omitStages: readonly Stage[], omitManagedFields: boolean): Rule {
  const level = rule["level"] as Level;
  if (!LEVELS.includes(level))
    throw new Error(`${field}.level: Unsupported value: ${JSON.stringify(level ?? "")}: supported values: ${quoted(LEVELS)}`);
  const strings = (name: string) => stringsOf(`${field}.${name}`, rule[name]);
  const nonResourceURLs = strings("nonResourceURLs");
  const resources = listOf(`${field}.resources`, rule["resources"]).map((one, i) => {
    const at = `${field}.resources[${i}]`;
    const { group = "", resources: names, resourceNames } = (one ?? {}) as Record<string, unknown>;
    const entry = {
      group: String(group),
      resources: stringsOf(`${at}.resources`, names),
      resourceNames: stringsOf(`${at}.resourceNames`, resourceNames),
    };
    if (entry.resourceNames.length > 0 && entry.resources.length === 0)
      throw new Error(`${at}.resourceNames: Invalid value: using resourceNames requires at least one resource`);
    return entry;
  });
  const namespaces = strings("namespaces");
  if (nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0))
    throw new Error(`${field}.nonResourceURLs: Invalid value: rules cannot apply to both regular resources and non-resource URLs`);
  for (const url of nonResourceURLs) {
    if (url !== "*" && (!url.startsWith("/") || url.slice(0, -1).includes("*")))
      throw new Error(`${field}.nonResourceURLs: Invalid value: ${JSON.stringify(url)}: must begin with '/' and may end with '*'`);
  }
  return {
    level,
    users: strings("users"),
    userGroups: strings("userGroups"),
    verbs: strings("verbs"),
    resources,
    namespaces,
    nonResourceURLs,
    omitStages: [...omitStages, ...stagesOf(`${field}.omitStages`, rule["omitStages"])],
    omitManagedFields: typeof rule["omitManagedFields"] === "boolean" ? rule["omitManagedFields"] : omitManagedFields,
  };
}

function stagesOf(field: string, value: unknown): Stage[] {
  return stringsOf(field, value).map((stage) => {
    if (!(STAGES as readonly string[]).includes(stage))
      throw new Error(`${field}: Unsupported value: ${JSON.stringify(stage)}: supported values: ${quoted(STAGES)}`);
    return stage as Stage;
  });
}

function listOf(field: string, value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Error(`${field}: Invalid value: must be a list`);
  return value;
}

const stringsOf = (field: string, value: unknown): string[] => listOf(field, value).map(String);
const quoted = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(", ");

function holds(rule: Rule, user: User, info: RequestInfo): boolean {
  if (rule.users.length > 0 && !rule.users.includes(user.name)) return false;
  if (rule.userGroups.length > 0 && !rule.userGroups.some((group) => user.groups.includes(group))) return false;
  if (rule.verbs.length > 0 && !rule.verbs.includes(info.verb)) return false;
  if (rule.namespaces.length > 0 || rule.resources.length > 0) return info.isResource && holdsForResource(rule, info);
  if (rule.nonResourceURLs.length > 0) return !info.isResource && rule.nonResourceURLs.some((pattern) => pathMatches(pattern, info.path));
  return true;
}

function holdsForResource(rule: Rule, info: RequestInfo): boolean {
  if (rule.namespaces.length > 0 && !rule.namespaces.includes(info.namespace)) return false;
  if (rule.resources.length === 0) return true;
  const asked = info.subresource === "" ? info.resource : `${info.resource}/${info.subresource}`;
  return rule.resources.some(({ group, resources, resourceNames }) => {
    if (group !== info.group) return false;
    if (resources.length === 0) return true;
    if (resourceNames.length > 0 && !resourceNames.includes(info.name)) return false;
    return resources.some((pattern) => resourceMatches(pattern, asked, info));
  });
}

/** "pods", "pods/log", "*" for all with their subresources, "pods/*", and any resource's one subresource by a star before the slash. */
function resourceMatches(pattern: string, asked: string, info: RequestInfo): boolean {
  if (pattern === "*" || pattern === asked) return true;
  if (info.subresource === "") return false;
  return pattern === `*/${info.subresource}` || pattern === `${info.resource}/*`;
}

function pathMatches(pattern: string, path: string): boolean {
  return pattern === "*" || pattern === path || (pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1)));
}
