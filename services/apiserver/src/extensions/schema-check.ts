/** What only CEL can say about a CustomResourceDefinition: whether its rules compile, hold for its defaults, and are cheap enough. */
import {
  type CustomResourceDefinition,
  type FieldErrors,
  type JsonSchema,
  jsonEqual,
  type ResourceDefinition,
  type Rule,
  type Structural,
  schemaPaths,
  structuralOf,
  type WriteContext,
} from "@flotilla/api";
import { CompileError } from "@flotilla/cel";
import { occurrencesMax } from "@flotilla/kube-cel";
import { EXPRESSION_COST_MAX, excess, SchemaCost } from "./rule-costs.ts";
import { type Costed, checkDefault, compileCheck, compileMessage, speaksOfOld } from "./rules.ts";

/** CustomResourceDefinitions with their rules checked; other kinds as they are. */
export function withRuleChecks(definition: ResourceDefinition): ResourceDefinition {
  if (definition.group !== "apiextensions.k8s.io" || definition.resource !== "customresourcedefinitions") return definition;
  const { strategy } = definition;
  return {
    ...definition,
    strategy: {
      ...strategy,
      validateCreate(crd: CustomResourceDefinition, errors: FieldErrors) {
        strategy.validateCreate?.(crd, errors);
        checkCrd(crd, undefined, errors);
      },
      validateUpdate(crd: CustomResourceDefinition, old: CustomResourceDefinition, errors: FieldErrors, context: WriteContext) {
        strategy.validateUpdate?.(crd, old, errors, context);
        checkCrd(crd, old, errors);
      },
    },
  };
}

function checkCrd(crd: CustomResourceDefinition, old: CustomResourceDefinition | undefined, errors: FieldErrors): void {
  const unsound = errors.list.map(({ field }) => field);
  const before = old ? schemaPaths(old).map(({ schema }) => schema) : [];
  for (const { path, schema } of schemaPaths(crd)) {
    // What expressions say about a schema that must change anyway helps nobody.
    if (unsound.some((field) => isWithin(field, path) && !field.includes(".x-kubernetes-validations["))) continue;
    const check = new RuleChecks(errors, unsound);
    // What was accepted once stays so, whatever is thought of its price today.
    const unchanged = before.some((one) => jsonEqual(one, schema));
    check.schema(structuralOf(schema), path, { root: true, occurrences: 1, uncorrelated: undefined, unchanged });
    check.cost.report(path, errors);
  }
}

interface Place {
  root: boolean;
  unchanged: boolean;
  /** How often values of this schema stand in one object; undefined: a list or map above has no bound. */
  occurrences: number | undefined;
  /** The list or map above whose items cannot be told apart across an update. */
  uncorrelated: string | undefined;
}

class RuleChecks {
  readonly cost = new SchemaCost();
  readonly #errors: FieldErrors;
  readonly #unsound: readonly string[];

  /** `unsound`: fields with which something is wrong whatever the rules say. */
  constructor(errors: FieldErrors, unsound: readonly string[]) {
    this.#errors = errors;
    this.#unsound = unsound;
  }

  schema(schema: Structural, path: string, place: Place): void {
    const { properties, additional, items, listType, mapType, defaultValue, rules } = schema;
    const inside: Place = { ...place, root: false, occurrences: multiplied(place.occurrences, elementsMax(schema)) };
    const atomic: Place = { ...inside, uncorrelated: inside.uncorrelated ?? path };
    const members = mapType === "atomic" ? atomic : inside;
    for (const [name, property] of properties) this.schema(property, `${path}.properties[${name}]`, members);
    if (typeof additional === "object") this.schema(additional, `${path}.additionalProperties`, members);
    // Only the items of list maps have an identity; a list without a type is atomic.
    if (items) this.schema(items, `${path}.items`, listType === "map" ? inside : atomic);
    if (this.#unsound.some((field) => isWithin(field, path))) return;
    for (const [index, rule] of rules.entries()) this.#rule(schema, rule, `${path}.x-kubernetes-validations[${index}]`, place);
    if (defaultValue !== undefined) checkDefault(schema, `${path}.default`, this.#errors);
  }

  #rule(schema: Structural, rule: Rule, at: string, { root, occurrences, uncorrelated, unchanged }: Place): void {
    const errors = this.#errors;
    const found = this.#compiled(rule, `${at}.rule`, "", () => compileCheck(schema, rule, root));
    if (found) {
      const cost = found.cost * (occurrences ?? occurrencesMax(schema));
      this.#charge(`${at}.rule`, "estimated rule cost", cost, unchanged);
    }
    const message = this.#compiled(rule, `${at}.messageExpression`, "messageExpression ", () => compileMessage(schema, rule, root));
    if (message) this.#charge(`${at}.messageExpression`, "estimated messageExpression cost", message.cost, unchanged);
    if (!found) return;
    if (!speaksOfOld(found.program)) {
      if (rule.optionalOldSelf !== undefined)
        errors.invalid(`${at}.optionalOldSelf`, rule.optionalOldSelf, "may not be set if oldSelf is not used in rule");
    } else if (uncorrelated !== undefined) {
      errors.invalid(`${at}.rule`, rule.rule, `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`);
    }
  }

  #compiled(rule: Rule, at: string, what: string, compile: () => Costed | undefined): Costed | undefined {
    try {
      return compile();
    } catch (error) {
      const detail = error instanceof CompileError ? `${what}compilation failed: ${error.message}` : (error as Error).message;
      this.#errors.invalid(at, shown(rule), detail);
      return undefined;
    }
  }

  #charge(field: string, what: string, cost: number, unchanged: boolean): void {
    if (cost > EXPRESSION_COST_MAX && !unchanged) this.#errors.forbidden(field, excess(what, cost, EXPRESSION_COST_MAX));
    this.cost.add(field, cost);
  }
}

const isWithin = (field: string, path: string): boolean => field === path || field.startsWith(`${path}.`);

/** How many values of its inner schema one value holds; undefined: no bound is set. */
function elementsMax({ type, additional, source }: Structural): number | undefined {
  const bound = type === "array" ? "maxItems" : type === "object" && additional !== undefined ? "maxProperties" : undefined;
  return bound === undefined ? 1 : bounded(source, bound);
}

const bounded = (source: JsonSchema, bound: string): number | undefined =>
  typeof source[bound] === "number" ? Math.max(source[bound], 0) : undefined;

const multiplied = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a * b;

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
