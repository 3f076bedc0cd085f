import type { LabelMatcher } from "./definition.ts";
import { parseRequirements } from "./label-selector-parser.ts";
import { apiError } from "./status.ts";
import type { LabelSelector } from "./types.ts";

export type SelectorOperator = "in" | "notin" | "=" | "==" | "!=" | "exists" | "!" | "gt" | "lt";

/** One comma-separated part of a label selector. */
export interface Requirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  readonly values: readonly string[];
}

type Labels = Record<string, string> | undefined;

class Matcher implements LabelMatcher {
  readonly #requirements: readonly Requirement[];

  constructor(requirements: readonly Requirement[]) {
    this.#requirements = requirements;
  }

  get empty(): boolean {
    return this.#requirements.length === 0;
  }

  matches(labels: Labels): boolean {
    return this.#requirements.every((requirement) => matchesRequirement(requirement, labels));
  }

  toString(): string {
    return this.#requirements.map(requirementText).join(",");
  }
}

/** `app=web,tier in (a,b),!legacy`; throws BadRequest with upstream's text. */
export function parseLabelSelector(text: string): LabelMatcher {
  const parsed = parseRequirements(text);
  if (typeof parsed === "string") throw apiError("BadRequest", parsed);
  return new Matcher(parsed);
}

const OPERATORS = { In: "in", NotIn: "notin", Exists: "exists", DoesNotExist: "!" } as const;

/** A LabelSelector object: undefined matches nothing, an empty one everything (API conventions). */
export function labelSelectorMatcher(selector: LabelSelector | undefined): LabelMatcher {
  if (!selector) return NOTHING;
  const requirements: Requirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) requirements.push({ key, operator: "=", values: [value] });
  for (const expression of selector.matchExpressions ?? []) {
    const operator = OPERATORS[expression.operator as keyof typeof OPERATORS];
    if (operator === undefined) return NOTHING; // validation refuses it; never match by accident
    requirements.push({ key: expression.key, operator, values: expression.values ?? [] });
  }
  requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return new Matcher(requirements);
}

/** A plain map of labels as selector (Service.spec.selector, nodeSelector): all must be equal; empty matches everything. */
export function matchesLabels(selector: Record<string, string>, labels: Labels): boolean {
  for (const key in selector) if (labels?.[key] !== selector[key]) return false;
  return true;
}

export function matchesLabelSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  return labelSelectorMatcher(selector).matches(labels);
}

/** As kubectl prints a LabelSelector object: "app=web,tier in (a,b)", "<none>" when empty. */
export function formatLabelSelector(selector: LabelSelector | undefined): string {
  const text = selector ? labelSelectorMatcher(selector).toString() : "";
  return text === "" ? "<none>" : text;
}

const NOTHING: LabelMatcher = { empty: false, matches: () => false, toString: () => "" };

export function matchesRequirement({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    case "in":
    case "=":
    case "==":
      return value !== undefined && values.includes(value);
    case "notin":
    case "!=":
      return value === undefined || !values.includes(value);
    case "gt":
    case "lt":
      return value !== undefined && INTEGER.test(value) && compareIntegers(value, values[0]!, operator);
  }
}

const INTEGER = /^[+-]?[0-9]+$/;

function compareIntegers(left: string, right: string, operator: "gt" | "lt"): boolean {
  const [a, b] = [BigInt(left.replace("+", "")), BigInt(right.replace("+", ""))];
  return operator === "gt" ? a > b : a < b;
}

function requirementText({ key, operator, values }: Requirement): string {
  switch (operator) {
    case "exists":
      return key;
    case "!":
      return `!${key}`;
    case "in":
    case "notin":
      return `${key} ${operator} (${[...values].sort().join(",")})`;
    case "gt":
      return `${key}>${values[0]}`;
    case "lt":
      return `${key}<${values[0]}`;
    default:
      return `${key}${operator}${values[0]}`;
  }
}
