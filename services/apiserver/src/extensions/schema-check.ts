/** What only CEL can say about a CustomResourceDefinition: whether its rules compile. */
import {
  type CustomResourceDefinition,
  type FieldErrors,
  isObject,
  type JsonSchema,
  type ResourceDefinition,
  type Rule,
  schemaPaths,
  structuralOf,
} from "@flotilla/api";
import { CompileError } from "@flotilla/cel";
import { compileMessageOf, compileRule } from "./rules.ts";

/** CustomResourceDefinitions with their rules checked; other kinds as they are. */
export function withRuleChecks(definition: ResourceDefinition): ResourceDefinition {
  if (definition.group !== "apiextensions.k8s.io" || definition.resource !== "customresourcedefinitions") return definition;
  const { strategy } = definition;
  return {
    ...definition,
    strategy: {
      ...strategy,
      validate(crd: CustomResourceDefinition, errors) {
        strategy.validate?.(crd, errors);
        for (const { path, schema } of schemaPaths(crd)) checkRules(schema, path, true, errors);
      },
    },
  };
}

function checkRules(schema: JsonSchema, path: string, root: boolean, errors: FieldErrors): void {
  const rules: Rule[] = Array.isArray(schema["x-kubernetes-validations"]) ? schema["x-kubernetes-validations"] : [];
  if (rules.length > 0) {
    const structural = structuralOf(schema);
    for (const [index, rule] of rules.entries()) {
      const at = `${path}.x-kubernetes-validations[${index}]`;
      checkRule(rule, `${at}.rule`, "", () => compileRule(structural, { ...rule, messageExpression: "" }, root), errors);
      if (rule.messageExpression)
        checkRule(rule, `${at}.messageExpression`, "messageExpression ", () => compileMessageOf(structural, rule, root), errors);
    }
  }
  const { properties, items, additionalProperties } = schema;
  if (isObject(properties)) {
    for (const [name, property] of Object.entries(properties)) {
      if (isObject(property)) checkRules(property, `${path}.properties[${name}]`, false, errors);
    }
  }
  if (isObject(items)) checkRules(items, `${path}.items`, false, errors);
  if (isObject(additionalProperties)) checkRules(additionalProperties, `${path}.additionalProperties`, false, errors);
}

function checkRule(rule: Rule, at: string, what: string, compile: () => unknown, errors: FieldErrors): void {
  if (!rule.rule?.trim()) return errors.required(at, "rule is not specified");
  try {
    compile();
  } catch (error) {
    const detail = error instanceof CompileError ? `${what}compilation failed: ${error.message}` : (error as Error).message;
    errors.invalid(at, shown(rule), detail);
  }
}

/** The rule as upstream prints its internal type. */
const shown = ({
  rule,
  message = "",
  messageExpression = "",
  reason = null,
  fieldPath = "",
  optionalOldSelf = null,
}: Partial<Record<keyof Rule, unknown>>) => ({
  Rule: rule,
  Message: message,
  MessageExpression: messageExpression,
  Reason: reason,
  FieldPath: fieldPath,
  OptionalOldSelf: optionalOldSelf,
});
