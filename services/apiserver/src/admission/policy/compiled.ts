import { type LabelMatcher, labelSelectorMatcher, type ValidatingAdmissionPolicy } from "@flotilla/api";
import { DYN } from "@flotilla/cel";
import { type Compiled, PolicyCompiler } from "@flotilla/kube-cel";
import { MatchConditions } from "../cel/match-conditions.ts";
import type { Rule } from "../matching/rules.ts";

/** An expression that is none fails as the policy's failurePolicy says. */
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

/** Objects may be of any kind, and so may parameters: the values will tell. */
export const compilerFor = ({ spec }: ValidatingAdmissionPolicy): PolicyCompiler =>
  new PolicyCompiler({ object: DYN, params: spec?.paramKind ? DYN : undefined });

export function compilePolicy(policy: ValidatingAdmissionPolicy): CompiledPolicy {
  const { spec = {} } = policy;
  const compiler = compilerFor(policy);
  const conditions = new MatchConditions(spec.matchConditions ?? [], (expression) => compiler.condition(expression));
  const variables = (spec.variables ?? []).map(({ name, expression }) => ({ name, value: compiler.variable(name, expression) }));
  return {
    constraints: constraintsOf(spec.matchConstraints ?? {}),
    conditions,
    variables,
    validations: (spec.validations ?? []).map(({ expression, message, messageExpression, reason }) => ({
      check: compiler.validation(expression),
      message,
      messageExpression: messageExpression ? compiler.message(messageExpression) : undefined,
      reason,
    })),
    auditAnnotations: (spec.auditAnnotations ?? []).map(({ key, valueExpression }) => ({
      key,
      value: compiler.annotation(valueExpression),
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
