import { type LabelMatcher, labelSelectorMatcher, type ValidatingAdmissionPolicy } from "@flotilla/api";
import { BOOL, type CelType, isDyn, type Program, STRING, typeText } from "@flotilla/cel";
import { compileAdmission, POLICY_NAMES } from "../cel/environment.ts";
import { MatchConditions } from "../cel/match-conditions.ts";
import type { Rule } from "../matching/rules.ts";

/** An expression, or why it is none: a policy with a wrong one fails as its failurePolicy says. */
export type Compiled = { expression: string; program: Program } | { expression: string; error: string };

export interface Validation {
  check: Compiled;
  message: string | undefined;
  messageExpression: Compiled | undefined;
  reason: string | undefined;
}

/** matchConstraints of a policy, or matchResources of a binding. */
export interface Constraints {
  rules: Rule[];
  excluded: Rule[];
  matchPolicy: string | undefined;
  namespaceSelector: LabelMatcher;
  objectSelector: LabelMatcher;
}

export interface CompiledPolicy {
  constraints: Constraints;
  conditions: MatchConditions;
  variables: { name: string; value: Compiled }[];
  validations: Validation[];
  auditAnnotations: { key: string; value: Compiled }[];
}

type MatchResources = NonNullable<NonNullable<ValidatingAdmissionPolicy["spec"]>["matchConstraints"]>;

/** "must evaluate to bool" and the like, as upstream words them. */
export function compileChecked(expression: string, wanted: CelType | undefined, names = POLICY_NAMES): Compiled {
  try {
    const program = compileAdmission(expression, names);
    const right = !wanted || isDyn(program.type) || typeText(program.type) === typeText(wanted);
    return right ? { expression, program } : { expression, error: `must evaluate to ${typeText(wanted)}` };
  } catch (error) {
    return { expression, error: `compilation failed: ${(error as Error).message}` };
  }
}

export function compilePolicy({ spec = {} }: ValidatingAdmissionPolicy): CompiledPolicy {
  return {
    constraints: constraintsOf(spec.matchConstraints ?? {}),
    conditions: new MatchConditions(spec.matchConditions ?? [], true),
    variables: (spec.variables ?? []).map(({ name, expression }) => ({ name, value: compileChecked(expression, undefined) })),
    validations: (spec.validations ?? []).map(({ expression, message, messageExpression, reason }) => ({
      check: compileChecked(expression, BOOL),
      message,
      messageExpression: messageExpression ? compileChecked(messageExpression, STRING) : undefined,
      reason,
    })),
    auditAnnotations: (spec.auditAnnotations ?? []).map(({ key, valueExpression }) => ({
      key,
      value: compileChecked(valueExpression, undefined),
    })),
  };
}

export const constraintsOf = ({
  resourceRules,
  excludeResourceRules,
  matchPolicy,
  namespaceSelector,
  objectSelector,
}: MatchResources): Constraints => ({
  rules: resourceRules ?? [],
  excluded: excludeResourceRules ?? [],
  matchPolicy,
  namespaceSelector: labelSelectorMatcher(namespaceSelector ?? {}),
  objectSelector: labelSelectorMatcher(objectSelector ?? {}),
});
