/** x-kubernetes-validations, as far as one need not read the expressions themselves (KEP-2876). */
import type { FieldErrors } from "../field-error.ts";
import { ruleFieldPath } from "./rule-field-path.ts";
import { type JsonSchema, type Rule, structuralOf } from "./structural.ts";

const REASONS = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];
const LINE_BREAK = /[\n\r]/;

export function validateRules(schema: JsonSchema, path: string, errors: FieldErrors): void {
  const rules: Rule[] = schema["x-kubernetes-validations"] ?? [];
  if (rules.length === 0) return;
  const structural = structuralOf(schema);
  for (const [index, rule] of rules.entries()) {
    const at = `${path}.x-kubernetes-validations[${index}]`;
    validateTexts(rule, at, errors);
    const { reason, fieldPath = "" } = rule;
    if (reason !== undefined && !REASONS.includes(reason)) errors.notSupported(`${at}.reason`, reason, REASONS);
    if (fieldPath === "") continue;
    if (fieldPath.trim() === "") errors.invalid(`${at}.fieldPath`, fieldPath, "fieldPath must be non-empty if specified");
    if (LINE_BREAK.test(fieldPath)) errors.invalid(`${at}.fieldPath`, fieldPath, "fieldPath must not contain line breaks");
    if (ruleFieldPath(structural, fieldPath) === undefined) errors.invalid(`${at}.fieldPath`, fieldPath, "fieldPath must be a valid path");
  }
}

function validateTexts({ rule, message = "", messageExpression = "" }: Partial<Rule>, at: string, errors: FieldErrors): void {
  const [expression, text] = [rule?.trim() ?? "", message.trim()];
  if (expression === "") errors.required(`${at}.rule`, "rule is not specified");
  else if (message !== "" && text === "") errors.invalid(`${at}.message`, message, "message must be non-empty if specified");
  else if (LINE_BREAK.test(text)) errors.invalid(`${at}.message`, message, "message must not contain line breaks");
  else if (LINE_BREAK.test(expression) && text === "")
    errors.required(`${at}.message`, "message must be specified if rule contains line breaks");
  if (messageExpression !== "" && messageExpression.trim() === "")
    errors.required(`${at}.messageExpression`, "messageExpression must be non-empty if specified");
}
