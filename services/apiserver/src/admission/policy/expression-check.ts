import { FieldErrors, invalidError, type KubeObject, type ValidatingAdmissionPolicy } from "@flotilla/api";
import { BOOL, type CelType, STRING } from "@flotilla/cel";
import type { AdmissionPlugin } from "../admission.ts";
import { POLICY_NAMES } from "../cel/environment.ts";
import type { MatchCondition } from "../cel/match-conditions.ts";
import { compileChecked } from "./compiled.ts";

const GROUP = "admissionregistration.k8s.io";

type Configuration = KubeObject & { webhooks?: { matchConditions?: MatchCondition[] }[] };

/**
 * Expressions that are none are refused when they are written, not when they are needed. Upstream does this in the
 * kinds' validation; here the kinds know no CEL. Cannot be turned off.
 */
export function expressionCheck(): AdmissionPlugin {
  return {
    name: "ExpressionCheck",
    validate({ definition, operation, subresource, name }, object, old) {
      if (definition.group !== GROUP || subresource !== "" || !object || (operation !== "CREATE" && operation !== "UPDATE")) return;
      if (old && JSON.stringify(old["spec"] ?? old["webhooks"]) === JSON.stringify(object["spec"] ?? object["webhooks"])) return;
      const errors = new FieldErrors();
      if (definition.kind === "ValidatingAdmissionPolicy") checkPolicy(object as unknown as ValidatingAdmissionPolicy, errors);
      for (const [i, { matchConditions }] of ((object as Configuration).webhooks ?? []).entries()) {
        checkConditions(matchConditions ?? [], `webhooks[${i}].matchConditions`, {}, errors);
      }
      if (!errors.empty) throw invalidError(GROUP, definition.kind, name, errors);
    },
  };
}

function checkPolicy({ spec = {} }: ValidatingAdmissionPolicy, errors: FieldErrors): void {
  const { variables: _, ...forConditions } = POLICY_NAMES;
  checkConditions(spec.matchConditions ?? [], "spec.matchConditions", forConditions, errors);
  for (const [i, { expression }] of (spec.variables ?? []).entries()) {
    check(expression, undefined, `spec.variables[${i}].expression`, POLICY_NAMES, errors);
  }
  for (const [i, { expression, messageExpression }] of (spec.validations ?? []).entries()) {
    check(expression, BOOL, `spec.validations[${i}].expression`, POLICY_NAMES, errors);
    if (messageExpression) check(messageExpression, STRING, `spec.validations[${i}].messageExpression`, POLICY_NAMES, errors);
  }
  for (const [i, { valueExpression }] of (spec.auditAnnotations ?? []).entries()) {
    check(valueExpression, undefined, `spec.auditAnnotations[${i}].valueExpression`, POLICY_NAMES, errors);
  }
}

function checkConditions(conditions: readonly MatchCondition[], field: string, names: Record<string, CelType>, errors: FieldErrors): void {
  for (const [i, { expression }] of conditions.entries()) check(expression, BOOL, `${field}[${i}].expression`, names, errors);
}

function check(
  expression: string | undefined,
  wanted: CelType | undefined,
  field: string,
  names: Record<string, CelType>,
  errors: FieldErrors,
) {
  if (!expression?.trim()) return; // the kind's own validation has said so
  const compiled = compileChecked(expression, wanted, names);
  if ("error" in compiled) errors.invalid(field, expression, compiled.error);
}
