/** Which requests webhooks and policies look at (upstream: pkg/apis/admissionregistration/validation). */
import type { FieldErrors } from "../field-error.ts";
import { pathSegmentErrors, qualifiedNameErrors } from "../names.ts";
import type { LabelSelector } from "../types.ts";
import { validateLabelSelector } from "./common.ts";

export const FAILURE_POLICIES = ["Fail", "Ignore"];
export const MATCH_POLICIES = ["Equivalent", "Exact"];
const OPERATIONS = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const SCOPES = ["*", "Cluster", "Namespaced"];
const MATCH_CONDITIONS_MAX = 64;

export interface AdmissionRule {
  operations?: string[];
  apiGroups?: string[];
  apiVersions?: string[];
  resources?: string[];
  scope?: string;
  resourceNames?: string[];
}

export interface MatchCondition {
  name?: string;
  expression?: string;
}

export interface MatchResources {
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  resourceRules?: AdmissionRule[];
  excludeResourceRules?: AdmissionRule[];
  matchPolicy?: string;
}

export function defaultRules(rules: AdmissionRule[] | undefined): void {
  for (const rule of rules ?? []) rule.scope ??= "*";
}

export function defaultMatchResources(match: MatchResources): void {
  match.matchPolicy ??= "Equivalent";
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  defaultRules(match.resourceRules);
  defaultRules(match.excludeResourceRules);
}

export function validateRule(rule: AdmissionRule, field: string, errors: FieldErrors): void {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule;
  notBesideWildcard(operations, `${field}.operations`, "operations", errors);
  operations.forEach((operation, index) => {
    if (!OPERATIONS.includes(operation)) errors.notSupported(`${field}.operations[${index}]`, operation, OPERATIONS);
  });
  notBesideWildcard(apiGroups, `${field}.apiGroups`, "API groups", errors);
  notBesideWildcard(apiVersions, `${field}.apiVersions`, "API versions", errors);
  apiVersions.forEach((version, index) => {
    if (version === "") errors.required(`${field}.apiVersions[${index}]`);
  });
  validateResources(resources, `${field}.resources`, errors);
  if (scope !== undefined && !SCOPES.includes(scope)) errors.notSupported(`${field}.scope`, scope, SCOPES);
}

function notBesideWildcard(values: readonly string[], field: string, what: string, errors: FieldErrors): void {
  if (values.length === 0) errors.required(field);
  else if (values.length > 1 && values.includes("*")) {
    errors.invalid(field, values, `if '*' is present, must not specify other ${what}`);
  }
}

/** No entry may say what a wildcard among the others says already. */
function validateResources(resources: readonly string[], field: string, errors: FieldErrors): void {
  if (resources.length === 0) errors.required(field);
  const anySubresource = new Set<string>();
  const ofAnyResource = new Set<string>();
  for (const [index, entry] of resources.entries()) {
    if (entry === "") errors.required(`${field}[${index}]`);
    const slash = entry.indexOf("/");
    if (entry === "*/*" || slash < 0) continue;
    const [resource, subresource] = [entry.slice(0, slash), entry.slice(slash + 1)];
    if (anySubresource.has(resource)) {
      errors.invalid(`${field}[${index}]`, entry, `if '${resource}/*' is present, must not specify ${entry}`);
    }
    if (ofAnyResource.has(subresource)) {
      errors.invalid(`${field}[${index}]`, entry, `if '*/${subresource}' is present, must not specify ${entry}`);
    }
    if (subresource === "*") anySubresource.add(resource);
    if (resource === "*") ofAnyResource.add(subresource);
  }
  if (resources.length > 1 && resources.includes("*/*")) {
    errors.invalid(field, resources, "if '*/*' is present, must not specify other resources");
  }
  if (resources.includes("*") && resources.some((entry) => entry !== "*" && entry !== "" && !entry.includes("/"))) {
    errors.invalid(field, resources, "if '*' is present, must not specify other resources without subresources");
  }
}

export function validateMatchConditions(conditions: readonly MatchCondition[], field: string, errors: FieldErrors): void {
  if (conditions.length > MATCH_CONDITIONS_MAX) errors.tooMany(field, conditions.length, MATCH_CONDITIONS_MAX);
  const names = new Set<string>();
  for (const [index, { name, expression }] of conditions.entries()) {
    const at = `${field}[${index}]`;
    if (!expression?.trim()) errors.required(`${at}.expression`);
    if (!name) errors.required(`${at}.name`);
    if (!name) continue;
    errors.invalidEach(`${at}.name`, name, qualifiedNameErrors(name));
    if (names.has(name)) errors.duplicate(`${at}.name`, name);
    names.add(name);
  }
}

export function validateMatchResources(match: MatchResources, field: string, errors: FieldErrors): void {
  for (const name of ["namespaceSelector", "objectSelector"] as const) {
    if (match[name] === undefined) errors.required(`${field}.${name}`);
    else validateLabelSelector(match[name], `${field}.${name}`, errors);
  }
  for (const name of ["resourceRules", "excludeResourceRules"] as const) {
    (match[name] ?? []).forEach((rule, index) => {
      validateRule(rule, `${field}.${name}[${index}]`, errors);
      validateNames(rule.resourceNames ?? [], `${field}.${name}[${index}].resourceNames`, errors);
    });
  }
  if (match.matchPolicy === undefined) errors.required(`${field}.matchPolicy`);
  else if (!MATCH_POLICIES.includes(match.matchPolicy)) errors.notSupported(`${field}.matchPolicy`, match.matchPolicy, MATCH_POLICIES);
}

function validateNames(names: readonly string[], field: string, errors: FieldErrors): void {
  names.forEach((name, index) => {
    errors.invalidEach(`${field}[${index}]`, name, pathSegmentErrors(name));
    if (names.indexOf(name) < index) errors.duplicate(`${field}[${index}]`, name);
  });
}
