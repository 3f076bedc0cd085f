/** API priority and fairness (KEP-1040; upstream: pkg/apis/flowcontrol/validation). */
import type { FieldErrors } from "../field-error.ts";
import { MANDATORY_LEVELS, MANDATORY_SCHEMAS } from "../flow-control.ts";
import { jsonEqual } from "../json-equal.ts";
import { dns1123LabelErrors, dns1123SubdomainErrors } from "../names.ts";
import type { FlowSchema, PriorityLevelConfiguration } from "../types.ts";

type Rule = NonNullable<NonNullable<FlowSchema["spec"]>["rules"]>[number];
type Limited = NonNullable<NonNullable<PriorityLevelConfiguration["spec"]>["limited"]>;

const PRECEDENCE_MAX = 10_000;
const QUEUES_MAX = 10_000_000;
const ENTROPY_BITS_MAX = 60;
const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];
const KINDS = { Group: "group", ServiceAccount: "serviceAccount", User: "user" } as const;

export function validateFlowSchema({ metadata, spec, status }: FlowSchema, errors: FieldErrors): void {
  const precedence = spec?.matchingPrecedence ?? 0;
  if (precedence <= 0) errors.invalid("spec.matchingPrecedence", precedence, "must be a positive value");
  if (precedence > PRECEDENCE_MAX) errors.invalid("spec.matchingPrecedence", precedence, `must not be greater than ${PRECEDENCE_MAX}`);
  if (precedence === 1 && metadata.name !== "exempt") {
    errors.invalid("spec.matchingPrecedence", precedence, "only the schema named 'exempt' may have matchingPrecedence 1");
  }
  const method = spec?.distinguisherMethod?.type;
  if (spec?.distinguisherMethod && method !== "ByUser" && method !== "ByNamespace") {
    errors.notSupported("spec.distinguisherMethod.type", method ?? "", ["ByNamespace", "ByUser"]);
  }
  const level = spec?.priorityLevelConfiguration?.name;
  if (!level) errors.required("spec.priorityLevelConfiguration.name", "must reference a priority level");
  else errors.invalidEach("spec.priorityLevelConfiguration.name", level, dns1123SubdomainErrors(level));
  (spec?.rules ?? []).forEach((rule, index) => {
    validateRule(rule, `spec.rules[${index}]`, errors);
  });
  const fixed = MANDATORY_SCHEMAS.find((one) => one.metadata.name === metadata.name);
  if (fixed && !jsonEqual(spec, fixed.spec)) errors.invalid("spec", spec, `spec of '${metadata.name}' must equal the fixed value`);
  validateConditions(status?.conditions ?? [], errors);
}

function validateConditions(conditions: readonly { type?: string }[], errors: FieldErrors): void {
  for (const [index, { type }] of conditions.entries()) {
    const at = `status.conditions[${index}].type`;
    if (!type) errors.required(at, "must not be empty");
    if (conditions.findIndex((other) => other.type === type) < index) errors.duplicate(at, type ?? "");
  }
}

function validateRule(rule: Rule, field: string, errors: FieldErrors): void {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule;
  if (subjects.length === 0) errors.required(`${field}.subjects`, "subjects must contain at least one value");
  for (const [index, subject] of subjects.entries()) {
    const at = `${field}.subjects[${index}]`;
    const own = KINDS[subject.kind as keyof typeof KINDS];
    if (!own) errors.notSupported(`${at}.kind`, subject.kind ?? "", Object.keys(KINDS));
    else validateSubject(subject, own, `${at}.${own}`, errors);
    for (const other of own ? Object.values(KINDS) : []) {
      if (other === own || !subject[other]) continue;
      errors.forbidden(`${at}.${other}`, `${other} is forbidden when subject kind is not '${kindOf(other)}'`);
    }
  }
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    errors.required(field, "at least one of resourceRules and nonResourceRules has to be non-empty");
  }
  resourceRules.forEach((each, index) => {
    const at = `${field}.resourceRules[${index}]`;
    validateVerbs(each.verbs, `${at}.verbs`, errors);
    validateNames(each.apiGroups, `${at}.apiGroups`, "resource rules must supply at least one api group", "api groups", errors);
    validateNames(each.resources, `${at}.resources`, "resource rules must supply at least one resource", "resources", errors);
    validateNamespaces(each, `${at}.namespaces`, errors);
  });
  nonResourceRules.forEach((each, index) => {
    const at = `${field}.nonResourceRules[${index}]`;
    validateVerbs(each.verbs, `${at}.verbs`, errors);
    const urls = each.nonResourceURLs ?? [];
    validateNames(urls, `${at}.nonResourceURLs`, "nonResourceURLs must contain at least one value", "non-resource URLs", errors);
    for (const [i, url] of urls.includes("*") ? [] : urls.entries()) {
      const problem = urlProblem(url);
      if (problem) errors.invalid(`${at}.nonResourceURLs[${i}]`, url, problem);
    }
  });
}

type Subject = NonNullable<Rule["subjects"]>[number];

function validateSubject(subject: Subject, own: (typeof KINDS)[keyof typeof KINDS], field: string, errors: FieldErrors): void {
  const named = subject[own] as { name?: string; namespace?: string } | undefined;
  if (!named) return errors.required(field, `${own} is required when subject kind is '${subject.kind}'`);
  const { name, namespace } = named;
  if (!name) errors.required(`${field}.name`);
  if (own !== "serviceAccount") return;
  if (name && name !== "*") errors.invalidEach(`${field}.name`, name, dns1123SubdomainErrors(name));
  if (!namespace) errors.required(`${field}.namespace`, "must specify namespace for service account");
  else errors.invalidEach(`${field}.namespace`, namespace, dns1123LabelErrors(namespace));
}

/** A star stands alone. */
function validateNames(names: readonly string[] = [], field: string, missing: string, others: string, errors: FieldErrors): void {
  if (names.length === 0) errors.required(field, missing);
  else if (names.length > 1 && names.includes("*")) errors.invalid(field, names, `if '*' is present, must not specify other ${others}`);
}

function validateNamespaces(
  { namespaces = [], clusterScope }: { namespaces?: string[]; clusterScope?: boolean },
  field: string,
  errors: FieldErrors,
): void {
  if (namespaces.length === 0 && clusterScope) return;
  const missing = "resource rules that are not cluster scoped must supply at least one namespace";
  validateNames(namespaces, field, missing, "namespaces", errors);
  for (const [index, namespace] of namespaces.includes("*") ? [] : namespaces.entries()) {
    const details = dns1123LabelErrors(namespace).map((detail) => `each member of this list must be '*' or a DNS-1123 label; ${detail}`);
    errors.invalidEach(`${field}[${index}]`, namespace, details);
  }
}

function urlProblem(url: string): string | undefined {
  if (url === "") return "must not be empty";
  if (url === "/") return undefined;
  if (!url.startsWith("/")) return "must start with slash";
  if (url.includes(" ")) return "must not contain white-space";
  if (url.includes("//")) return "must not contain double slash";
  return /^[^*]*(\/\*)?$/.test(url) ? undefined : "wildcard can only do suffix matching";
}

const kindOf = (member: string): string => Object.entries(KINDS).find(([, name]) => name === member)![0];

function validateVerbs(verbs: readonly string[] = [], field: string, errors: FieldErrors): void {
  validateNames(verbs, field, "verbs must contain at least one value", "verbs", errors);
  if (!verbs.includes("*") && verbs.some((verb) => !VERBS.includes(verb))) errors.notSupported(field, verbs, VERBS);
}

export function validatePriorityLevel({ metadata, spec, status }: PriorityLevelConfiguration, errors: FieldErrors): void {
  if ((metadata.name === "exempt") !== (spec?.type === "Exempt"))
    errors.invalid("spec.type", spec?.type ?? "", "type must be 'Exempt' if and only if name is 'exempt'");
  const fixed = MANDATORY_LEVELS.find((one) => one.metadata.name === metadata.name);
  // How much the exempt level lends is its administrator's choice.
  const { exempt: _, ...rest } = spec ?? {};
  const { exempt: __, ...fixedRest } = fixed?.spec ?? {};
  if (fixed && !jsonEqual(rest, fixedRest))
    errors.invalid("spec", spec, `spec of '${metadata.name}' except the 'spec.exempt' fields must equal the fixed value`);
  validateConditions(status?.conditions ?? [], errors);
  if (spec?.type === "Exempt") {
    if (spec.limited) errors.forbidden("spec.limited", "must be nil if the type is not Limited");
    if (spec.exempt) validateShares(spec.exempt, "spec.exempt", errors);
  } else if (spec?.type === "Limited") {
    if (spec.exempt) errors.forbidden("spec.exempt", "must be nil if the type is Limited");
    if (!spec.limited) errors.required("spec.limited", "must not be empty when type is Limited");
    else validateLimited(spec.limited, errors);
  } else errors.notSupported("spec.type", spec?.type ?? "", ["Exempt", "Limited"]);
}

function validateShares(shares: { nominalConcurrencyShares?: number; lendablePercent?: number }, field: string, errors: FieldErrors): void {
  const { nominalConcurrencyShares: nominal = 0, lendablePercent: lendable = 0 } = shares;
  if (nominal < 0) errors.invalid(`${field}.nominalConcurrencyShares`, nominal, "must be a non-negative integer");
  if (lendable < 0 || lendable > 100) errors.invalid(`${field}.lendablePercent`, lendable, "must be between 0 and 100, inclusive");
}

function validateLimited(limited: Limited, errors: FieldErrors): void {
  validateShares(limited, "spec.limited", errors);
  const borrowing = limited.borrowingLimitPercent;
  if (borrowing !== undefined && borrowing < 0) {
    errors.invalid("spec.limited.borrowingLimitPercent", borrowing, "if specified, must be a non-negative integer");
  }
  const at = "spec.limited.limitResponse";
  const { type, queuing } = limited.limitResponse ?? {};
  if (type === "Reject") {
    if (queuing) errors.forbidden(`${at}.queuing`, "must be nil if limited.limitResponse.type is not Limited");
  } else if (type !== "Queue") errors.notSupported(`${at}.type`, type ?? "", ["Queue", "Reject"]);
  else if (!queuing) errors.required(`${at}.queuing`, "must not be empty if limited.limitResponse.type is Limited");
  else validateQueuing(queuing, `${at}.queuing`, errors);
}

type Queuing = NonNullable<NonNullable<Limited["limitResponse"]>["queuing"]>;

function validateQueuing({ queues = 0, handSize = 0, queueLengthLimit = 0 }: Queuing, field: string, errors: FieldErrors): void {
  if (queueLengthLimit <= 0) errors.invalid(`${field}.queueLengthLimit`, queueLengthLimit, "must be positive");
  if (queues <= 0) errors.invalid(`${field}.queues`, queues, "must be positive");
  else if (queues > QUEUES_MAX) errors.invalid(`${field}.queues`, queues, `must not be greater than ${QUEUES_MAX}`);
  if (handSize <= 0) errors.invalid(`${field}.handSize`, handSize, "must be positive");
  else if (handSize > queues) errors.invalid(`${field}.handSize`, handSize, `should not be greater than queues (${queues})`);
  else {
    const bits = entropyBits(queues, handSize);
    if (bits > ENTROPY_BITS_MAX) {
      const problem = `required entropy bits of deck ${queues} and hand ${handSize} should not be greater than ${ENTROPY_BITS_MAX}`;
      errors.invalid(`${field}.handSize`, handSize, problem);
    }
  }
}

/** Shuffle sharding deals a hand of queues from one 64-bit hash. */
function entropyBits(deck: number, hand: number): number {
  let bits = 0;
  for (let dealt = 0; dealt < hand; dealt++) bits += Math.log2(deck - dealt);
  return Math.ceil(bits);
}
