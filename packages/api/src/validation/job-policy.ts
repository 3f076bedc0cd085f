/** When a job gives up, and when it is done early (KEP-3329, KEP-3998). */
import type { FieldErrors } from "../field-error.ts";
import { qualifiedNameErrors } from "../names.ts";
import type { Job } from "../types.ts";
import { nonNegative } from "./common.ts";

type JobSpec = Partial<NonNullable<Job["spec"]>>;
type FailureRule = NonNullable<JobSpec["podFailurePolicy"]>["rules"][number];

const RULES_MAX = 20;
const EXIT_CODES_MAX = 255;
const PATTERNS_MAX = 20;
const ACTIONS = ["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS = ["In", "NotIn"];
const STATUSES = ["False", "True", "Unknown"];
const INDEXES = /^\d+(-\d+)?(,\d+(-\d+)?)*$/;

const list = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(" ")}]`;

function requiredOneOf(field: string, value: string | undefined, supported: readonly string[], errors: FieldErrors): void {
  if (!value) errors.required(field, `valid values: ${list(supported)}`);
  else if (!supported.includes(value)) errors.notSupported(field, value, supported);
}

export function validatePodFailurePolicy(spec: JobSpec, field: string, errors: FieldErrors): void {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const pod = spec.template?.spec;
  const names = new Set([...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].map(({ name }) => name));
  if (rules.length > RULES_MAX) errors.tooMany(`${field}.rules`, rules.length, RULES_MAX);
  rules.forEach((rule, index) => {
    validateRule(rule, spec, names, `${field}.rules[${index}]`, errors);
  });
}

function validateRule(rule: FailureRule, spec: JobSpec, names: ReadonlySet<string>, field: string, errors: FieldErrors): void {
  requiredOneOf(`${field}.action`, rule.action, ACTIONS, errors);
  if (rule.action === "FailIndex" && spec.backoffLimitPerIndex === undefined) {
    errors.invalid(`${field}.action`, rule.action, "requires the backoffLimitPerIndex to be set");
  }
  const patterns = rule.onPodConditions ?? [];
  if (rule.onExitCodes) validateExitCodes(rule.onExitCodes, names, `${field}.onExitCodes`, errors);
  if (patterns.length > PATTERNS_MAX) errors.tooMany(`${field}.onPodConditions`, patterns.length, PATTERNS_MAX);
  patterns.forEach(({ type, status }, index) => {
    const at = `${field}.onPodConditions[${index}]`;
    errors.invalidEach(`${at}.type`, type ?? "", qualifiedNameErrors(type ?? ""));
    requiredOneOf(`${at}.status`, status, STATUSES, errors);
  });
  if (rule.onExitCodes && patterns.length > 0) {
    errors.invalidWhole(field, "specifying both OnExitCodes and OnPodConditions is not supported");
  }
  if (!rule.onExitCodes && patterns.length === 0) {
    errors.invalidWhole(field, "specifying one of OnExitCodes and OnPodConditions is required");
  }
}

type ExitCodes = NonNullable<FailureRule["onExitCodes"]>;

function validateExitCodes(codes: ExitCodes, names: ReadonlySet<string>, field: string, errors: FieldErrors): void {
  const { operator, containerName } = codes;
  const values = codes.values ?? [];
  requiredOneOf(`${field}.operator`, operator, OPERATORS, errors);
  if (containerName !== undefined && !names.has(containerName)) {
    errors.invalid(`${field}.containerName`, containerName, "must be one of the container or initContainer names in the pod template");
  }
  if (values.length === 0) errors.invalid(`${field}.values`, values, "at least one value is required");
  else if (values.length > EXIT_CODES_MAX) errors.tooMany(`${field}.values`, values.length, EXIT_CODES_MAX);
  values.forEach((value, index) => {
    if (operator === "In" && value === 0) errors.invalid(`${field}.values[${index}]`, value, "must not be 0 for the In operator");
    if (values.indexOf(value) < index) errors.duplicate(`${field}.values[${index}]`, value);
  });
  if (values.some((value, index) => index > 0 && values[index - 1]! > value)) errors.invalid(`${field}.values`, values, "must be ordered");
}

export function validateSuccessPolicy(spec: JobSpec, field: string, errors: FieldErrors): void {
  if (spec.completionMode !== "Indexed") return errors.invalid(field, spec.successPolicy, "requires indexed completion mode");
  const rules = spec.successPolicy?.rules ?? [];
  const completions = spec.completions ?? 0;
  if (rules.length === 0) errors.required(`${field}.rules`, "at least one rules must be specified when the successPolicy is specified");
  if (rules.length > RULES_MAX) errors.tooMany(`${field}.rules`, rules.length, RULES_MAX);
  rules.forEach(({ succeededCount: count, succeededIndexes: indexes }, index) => {
    const at = `${field}.rules[${index}]`;
    if (count === undefined && indexes === undefined) {
      errors.required(at, "at least one of succeededCount or succeededIndexes must be specified");
    }
    nonNegative(`${at}.succeededCount`, count, errors);
    if (count !== undefined && count > completions) {
      const problem = `must be less than or equal to ${completions} (the number of specified completions)`;
      errors.invalid(`${at}.succeededCount`, count, problem);
    }
    if (indexes === undefined) return;
    const total = countIndexes(indexes, completions);
    if (total === undefined)
      errors.invalid(`${at}.succeededIndexes`, indexes, "error parsing succeededIndexes: must be ascending indexes below completions");
    else if (count !== undefined && count > total) {
      const problem = `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`;
      errors.invalid(`${at}.succeededCount`, count, problem);
    }
  });
}

/** "0-2,5" of 6 is 4; undefined when malformed, not ascending or beyond the completions. */
function countIndexes(text: string, completions: number): number | undefined {
  if (text === "") return 0;
  if (!INDEXES.test(text)) return undefined;
  let last = -1;
  let total = 0;
  for (const part of text.split(",")) {
    const [low, high = low] = part.split("-").map(Number) as [number, number?];
    if (low <= last || high < low || high >= completions) return undefined;
    total += high - low + 1;
    last = high;
  }
  return total;
}
