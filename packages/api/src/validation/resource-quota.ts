/** ResourceQuotas (upstream: ValidateResourceQuota). */
import type { FieldErrors } from "../field-error.ts";
import { jsonEqual } from "../json-equal.ts";
import { qualifiedNameErrors } from "../names.ts";
import { parseQuantity, type ResourceList } from "../quantity.ts";
import type { ResourceQuota } from "../types.ts";
import { FIELD_IMMUTABLE, NON_NEGATIVE } from "./common.ts";

const OBJECTS = ["pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps", "persistentvolumeclaims"].concat([
  "services.nodeports",
  "services.loadbalancers",
]);
const COMPUTE = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];
const STORAGE = ["ephemeral-storage", "requests.ephemeral-storage", "limits.ephemeral-storage", "requests.storage"];
const STANDARD = new Set([...OBJECTS, ...COMPUTE, ...STORAGE]);
const POD_RESOURCES = new Set(["pods", ...COMPUTE]);
const SCOPES = ["Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity"];
const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist"];

type Spec = NonNullable<ResourceQuota["spec"]>;

export function validateQuota({ spec = {} }: ResourceQuota, errors: FieldErrors): void {
  validateList(spec.hard, "spec.hard", errors);
  validateScopes(spec.scopes ?? [], spec.hard ?? {}, "spec.scopes", errors);
  validateSelector(spec, errors);
}

export function validateQuotaUpdate(quota: ResourceQuota, old: ResourceQuota, errors: FieldErrors): void {
  if (!sameMembers(quota.spec?.scopes ?? [], old.spec?.scopes ?? [])) errors.invalid("spec.scopes", quota.spec?.scopes, FIELD_IMMUTABLE);
}

const sameMembers = (a: readonly string[], b: readonly string[]): boolean => jsonEqual([...a].sort(), [...b].sort());

export function validateQuotaStatus({ status = {} }: ResourceQuota, _old: ResourceQuota, errors: FieldErrors): void {
  validateList(status.hard, "status.hard", errors);
  validateList(status.used, "status.used", errors);
}

function validateList(list: ResourceList | undefined, field: string, errors: FieldErrors): void {
  for (const [name, text] of Object.entries(list ?? {})) {
    const at = `${field}[${name}]`;
    const problems = qualifiedNameErrors(name);
    errors.invalidEach(at, name, problems);
    if (problems.length === 0 && !isQuotaResource(name)) errors.invalid(at, name, "must be a standard resource for quota");
    const { nanos } = parseQuantity(text);
    if (nanos < 0n) errors.invalid(at, text, NON_NEGATIVE);
    if (nanos % 1_000_000_000n !== 0n && isCounted(name)) errors.invalid(at, text, "must be an integer");
  }
}

const isQuotaResource = (name: string): boolean => name.includes("/") || STANDARD.has(name) || /^(requests\.)?hugepages-/.test(name);

/** Objects and extended resources come in whole numbers. */
const isCounted = (name: string): boolean =>
  OBJECTS.includes(name) || name.startsWith("count/") || (name.includes("/") && !name.includes("kubernetes.io/"));

function validateScopes(scopes: readonly string[], hard: ResourceList, field: string, errors: FieldErrors): void {
  for (const scope of scopes) {
    if (!SCOPES.includes(scope)) errors.invalid(field, scopes, "unsupported scope");
    for (const name of Object.keys(hard)) {
      if (STANDARD.has(name) && !appliesTo(scope, name)) errors.invalid(field, scopes, "unsupported scope applied to resource");
    }
  }
  for (const [a, b] of [
    ["BestEffort", "NotBestEffort"],
    ["Terminating", "NotTerminating"],
  ] as const) {
    if (scopes.includes(a) && scopes.includes(b)) errors.invalid(field, scopes, "conflicting scopes");
  }
}

function appliesTo(scope: string, resource: string): boolean {
  if (scope === "BestEffort") return resource === "pods";
  return !SCOPES.includes(scope) || POD_RESOURCES.has(resource);
}

function validateSelector({ scopeSelector, hard = {} }: Spec, errors: FieldErrors): void {
  const at = "spec.scopeSelector.matchExpressions";
  const names: string[] = [];
  for (const { scopeName, operator, values = [] } of scopeSelector?.matchExpressions ?? []) {
    names.push(scopeName);
    if (!SCOPES.includes(scopeName)) errors.invalid(`${at}.scopeName`, scopeName, "unsupported scope");
    for (const name of Object.keys(hard)) {
      if (STANDARD.has(name) && !appliesTo(scopeName, name)) {
        errors.invalid(at, scopeSelector, "unsupported scope applied to resource");
      }
    }
    if (scopeName !== "PriorityClass" && SCOPES.includes(scopeName) && operator !== "Exists") {
      const problem =
        "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
      errors.invalid(`${at}.operator`, operator, problem);
    }
    if (!OPERATORS.includes(operator)) errors.invalid(`${at}.operator`, operator, "not a valid selector operator");
    else if (operator.endsWith("In")) {
      if (values.length === 0)
        errors.required(`${at}.values`, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
    } else if (values.length > 0) {
      errors.invalid(`${at}.values`, values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
    }
  }
  for (const [a, b] of [
    ["BestEffort", "NotBestEffort"],
    ["Terminating", "NotTerminating"],
  ] as const) {
    if (names.includes(a) && names.includes(b)) errors.invalid(at, scopeSelector, "conflicting scopes");
  }
}
