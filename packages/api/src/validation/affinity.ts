/** Where a pod may and would rather run: affinities, spread, node selectors. */
import type { FieldErrors } from "../field-error.ts";
import { dns1123LabelErrors, dns1123SubdomainErrors, qualifiedNameErrors } from "../names.ts";
import type { PodSpec } from "../types.ts";
import { validateLabelSelector } from "./common.ts";

type Affinity = NonNullable<PodSpec["affinity"]>;
type PodAffinity = NonNullable<Affinity["podAffinity"]>;
type PodTerm = NonNullable<PodAffinity["requiredDuringSchedulingIgnoredDuringExecution"]>[number];
type NodeAffinity = NonNullable<Affinity["nodeAffinity"]>;
type NodeSelector = NonNullable<NodeAffinity["requiredDuringSchedulingIgnoredDuringExecution"]>;
type NodeTerm = NodeSelector["nodeSelectorTerms"][number];
type Requirement = NonNullable<NodeTerm["matchExpressions"]>[number];
type Spread = NonNullable<PodSpec["topologySpreadConstraints"]>[number];

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";
const NOT_AN_OPERATOR = "not a valid selector operator";
const WEIGHT_MAX = 100;

export function validateAffinity(affinity: PodSpec["affinity"], field: string, errors: FieldErrors): void {
  if (affinity?.nodeAffinity) validateNodeAffinity(affinity.nodeAffinity, `${field}.nodeAffinity`, errors);
  if (affinity?.podAffinity) validatePodAffinity(affinity.podAffinity, `${field}.podAffinity`, errors);
  if (affinity?.podAntiAffinity) validatePodAffinity(affinity.podAntiAffinity, `${field}.podAntiAffinity`, errors);
}

function validateWeight(weight: number | undefined, field: string, errors: FieldErrors): void {
  const value = weight ?? 0;
  if (value <= 0 || value > WEIGHT_MAX) errors.invalid(`${field}.weight`, value, "must be in the range 1-100");
}

function validateNodeAffinity(affinity: NodeAffinity, field: string, errors: FieldErrors): void {
  const required = affinity[REQUIRED];
  if (required) validateNodeSelector(required, `${field}.${REQUIRED}`, errors);
  (affinity[PREFERRED] ?? []).forEach(({ weight, preference }, index) => {
    const at = `${field}.${PREFERRED}[${index}]`;
    validateWeight(weight, at, errors);
    validateNodeTerm(preference ?? {}, `${at}.preference`, errors);
  });
}

/** PersistentVolumes have one too. */
export function validateNodeSelector(selector: NodeSelector, field: string, errors: FieldErrors): void {
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) errors.required(`${field}.nodeSelectorTerms`, "must have at least one node selector term");
  terms.forEach((term, index) => {
    validateNodeTerm(term, `${field}.nodeSelectorTerms[${index}]`, errors);
  });
}

function validateNodeTerm(term: NodeTerm, field: string, errors: FieldErrors): void {
  (term.matchExpressions ?? []).forEach((requirement, index) => {
    validateExpression(requirement, `${field}.matchExpressions[${index}]`, errors);
  });
  (term.matchFields ?? []).forEach((requirement, index) => {
    validateFieldRequirement(requirement, `${field}.matchFields[${index}]`, errors);
  });
}

function validateExpression({ key = "", operator = "", values = [] }: Partial<Requirement>, field: string, errors: FieldErrors): void {
  switch (operator) {
    case "In":
    case "NotIn":
      if (values.length === 0) errors.required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
      break;
    case "Exists":
    case "DoesNotExist":
      if (values.length > 0) errors.forbidden(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      break;
    case "Gt":
    case "Lt":
      if (values.length !== 1) errors.required(`${field}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'");
      break;
    default:
      errors.invalid(`${field}.operator`, operator, NOT_AN_OPERATOR);
  }
  errors.invalidEach(`${field}.key`, key, qualifiedNameErrors(key));
}

/** Of a node's fields its name alone can be asked for. */
function validateFieldRequirement(
  { key = "", operator = "", values = [] }: Partial<Requirement>,
  field: string,
  errors: FieldErrors,
): void {
  if (operator !== "In" && operator !== "NotIn") errors.invalid(`${field}.operator`, operator, NOT_AN_OPERATOR);
  else if (values.length !== 1) {
    errors.required(`${field}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
  }
  if (key !== "metadata.name") return errors.invalid(`${field}.key`, key, "not a valid field selector key");
  values.forEach((value, index) => {
    errors.invalidEach(`${field}.values[${index}]`, value, dns1123SubdomainErrors(value));
  });
}

function validatePodAffinity(affinity: PodAffinity, field: string, errors: FieldErrors): void {
  (affinity[REQUIRED] ?? []).forEach((term, index) => {
    validatePodTerm(term, `${field}.${REQUIRED}[${index}]`, errors);
  });
  (affinity[PREFERRED] ?? []).forEach(({ weight, podAffinityTerm }, index) => {
    const at = `${field}.${PREFERRED}[${index}]`;
    validateWeight(weight, at, errors);
    validatePodTerm(podAffinityTerm ?? {}, `${at}.podAffinityTerm`, errors);
  });
}

function validatePodTerm(term: Partial<PodTerm>, field: string, errors: FieldErrors): void {
  validateLabelSelector(term.labelSelector, `${field}.labelSelector`, errors);
  validateLabelSelector(term.namespaceSelector, `${field}.namespaceSelector`, errors);
  for (const namespace of term.namespaces ?? []) errors.invalidEach(`${field}.namespace`, namespace, dns1123LabelErrors(namespace));
  const { topologyKey = "" } = term;
  if (topologyKey === "") errors.required(`${field}.topologyKey`, "can not be empty");
  errors.invalidEach(`${field}.topologyKey`, topologyKey, qualifiedNameErrors(topologyKey));
}

const ACTIONS = ["DoNotSchedule", "ScheduleAnyway"];
const POSITIVE = "must be greater than zero";
const ONLY_HARD = "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway";

export function validateSpread(constraints: readonly Spread[], field: string, errors: FieldErrors): void {
  constraints.forEach((constraint, index) => {
    const at = `${field}[${index}]`;
    const { maxSkew = 0, topologyKey, whenUnsatisfiable: action = "", minDomains } = constraint as Partial<Spread>;
    if (maxSkew <= 0) errors.invalid(`${at}.maxSkew`, maxSkew, POSITIVE);
    if (!topologyKey) errors.required(`${at}.topologyKey`, "can not be empty");
    if (!ACTIONS.includes(action)) errors.notSupported(`${at}.whenUnsatisfiable`, action, ACTIONS);
    const again = constraints.slice(index + 1).some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === action);
    if (again) errors.duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${action}}`);
    if (minDomains !== undefined && minDomains <= 0) errors.invalid(`${at}.minDomains`, minDomains, POSITIVE);
    if (minDomains !== undefined && action !== "DoNotSchedule") errors.invalid(`${at}.minDomains`, minDomains, ONLY_HARD);
    for (const name of ["nodeAffinityPolicy", "nodeTaintsPolicy"] as const) {
      const policy = constraint[name];
      const known = ["Honor", "Ignore"];
      if (policy !== undefined && !known.includes(policy)) errors.notSupported(`${at}.${name}`, policy, known);
    }
    validateLabelSelector(constraint.labelSelector, `${at}.labelSelector`, errors);
  });
}
