/** What only CEL can say about policies and webhooks when they are written: whether their expressions are any. */
import type { FieldErrors, KubeObject, ResourceDefinition, ValidatingAdmissionPolicy } from "@flotilla/api";
import { type Compiled, compileWebhookCondition } from "@flotilla/kube-cel";
import type { MatchCondition } from "../cel/match-conditions.ts";
import { compilerFor } from "./compiled.ts";

type Check = (object: any, errors: FieldErrors) => void;

const CHECKS: Record<string, Check> = {
  ValidatingAdmissionPolicy: checkPolicy,
  ValidatingWebhookConfiguration: checkWebhooks,
  MutatingWebhookConfiguration: checkWebhooks,
};

/** Kinds of admission with their expressions checked; other kinds as they are. */
export function withExpressionChecks(definition: ResourceDefinition): ResourceDefinition {
  const check = definition.group === "admissionregistration.k8s.io" ? CHECKS[definition.kind] : undefined;
  if (!check) return definition;
  const { strategy } = definition;
  return {
    ...definition,
    strategy: {
      ...strategy,
      validateCreate(object: KubeObject, errors: FieldErrors) {
        strategy.validateCreate?.(object, errors);
        check(object, errors);
      },
      validateUpdate(object: KubeObject, old: KubeObject, errors: FieldErrors, context) {
        strategy.validateUpdate?.(object, old, errors, context);
        // What was accepted by an older server stays so until it is touched.
        const same = JSON.stringify(object["spec"] ?? object["webhooks"]) === JSON.stringify(old["spec"] ?? old["webhooks"]);
        if (!same) check(object, errors);
      },
    } satisfies ResourceDefinition["strategy"],
  };
}

function checkPolicy(policy: ValidatingAdmissionPolicy, errors: FieldErrors): void {
  const { spec = {} } = policy;
  const compiler = compilerFor(policy);
  const each = <T>(list: readonly T[] | undefined, field: string, compile: (item: T, at: string) => void) => {
    for (const [index, item] of (list ?? []).entries()) compile(item, `spec.${field}[${index}]`);
  };
  each(spec.variables, "variables", ({ name, expression }, at) => {
    report(expression, `${at}.expression`, errors, () => compiler.variable(name, expression));
  });
  each(spec.matchConditions, "matchConditions", ({ expression }, at) => {
    report(expression, `${at}.expression`, errors, () => compiler.condition(expression));
  });
  each(spec.validations, "validations", ({ expression, messageExpression = "" }, at) => {
    report(expression, `${at}.expression`, errors, () => compiler.validation(expression));
    report(messageExpression, `${at}.messageExpression`, errors, () => compiler.message(messageExpression));
  });
  each(spec.auditAnnotations, "auditAnnotations", ({ valueExpression }, at) => {
    report(valueExpression, `${at}.valueExpression`, errors, () => compiler.annotation(valueExpression));
  });
}

function checkWebhooks({ webhooks = [] }: { webhooks?: { matchConditions?: MatchCondition[] }[] }, errors: FieldErrors): void {
  for (const [i, { matchConditions = [] }] of webhooks.entries()) {
    for (const [j, { expression = "" }] of matchConditions.entries()) {
      const field = `webhooks[${i}].matchConditions[${j}].expression`;
      report(expression, field, errors, () => compileWebhookCondition(expression));
    }
  }
}

function report(expression: string | undefined, field: string, errors: FieldErrors, compile: () => Compiled): void {
  if (!expression?.trim()) return; // the kind's own validation has said so, where it must not be
  const compiled = compile();
  if ("error" in compiled) errors.invalid(field, expression, compiled.error);
}
