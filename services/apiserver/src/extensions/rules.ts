/** x-kubernetes-validations: CEL rules at their places in a schema (KEP-2876). */
import {
  type FieldErrors,
  isObject,
  jsonEqual,
  type KubeObject,
  type Rule,
  type RuleCheck,
  ruleFieldPath,
  type Structural,
} from "@flotilla/api";
import {
  type Budget,
  type CelType,
  CostError,
  compileWithCost,
  fromJson,
  Optional,
  optionalOf,
  type Program,
  typeText,
} from "@flotilla/cel";
import { typeOf } from "@flotilla/kube-cel";

/** For all rules of one object. */
const OBJECT_COST_MAX = 10_000_000;

interface CompiledRule {
  rule: Rule;
  program: Program;
  message: Program | undefined;
  /** fieldPath, as messages print it. */
  place: string;
  /** Speaks of oldSelf: runs on updates only, unless oldSelf is optional. */
  transition: boolean;
}

/** A place in the schema that has rules, or has places below that have. */
interface Place {
  schema: Structural;
  rules: CompiledRule[];
  members: Map<string, Place>;
  additional: Place | undefined;
  items: Place | undefined;
}

/** undefined when there are no rules. Rules that do not compile were refused with the definition; here they are left out. */
export function compileRules(schema: Structural): RuleCheck | undefined {
  const root = placeOf(schema, true);
  if (!root) return undefined;
  return (obj: KubeObject, old: KubeObject | undefined, errors: FieldErrors) => {
    const run = new Run(errors);
    run.place(root, obj, old, "");
  };
}

/** Rules upon a default, which stands at `path`. */
export function checkDefault(schema: Structural, path: string, errors: FieldErrors): void {
  const place = placeOf(schema, schema.embedded);
  if (place) new Run(errors).place(place, schema.defaultValue, undefined, path);
}

function placeOf(schema: Structural, resource: boolean): Place | undefined {
  const rules = schema.rules.flatMap((rule) => {
    try {
      return [compileRule(schema, rule, resource)];
    } catch {
      return [];
    }
  });
  const members = new Map(
    [...schema.properties].flatMap(([name, property]) => {
      const place = placeOf(property, false);
      return place ? [[name, place] as const] : [];
    }),
  );
  const additional = typeof schema.additional === "object" ? placeOf(schema.additional, false) : undefined;
  const items = schema.items && placeOf(schema.items, false);
  if (rules.length === 0 && members.size === 0 && !additional && !items) return undefined;
  return { schema, rules, members, additional, items };
}

/** An expression, and what it costs at most. */
export interface Costed {
  program: Program;
  cost: number;
}

/** @throws CompileError; Error when it yields no bool. */
export function compileCheck(schema: Structural, rule: Rule, resource: boolean): Costed {
  const found = compileWithCost(rule.rule, { variables: variablesOf(schema, rule, resource) }, "self");
  if (!yields(found.program, "bool")) throw new Error("cel expression must evaluate to a bool");
  return found;
}

/** @throws CompileError; Error when it yields no string. */
export function compileMessage(schema: Structural, rule: Rule, resource: boolean): Costed | undefined {
  if (!rule.messageExpression) return undefined;
  const found = compileWithCost(rule.messageExpression, { variables: variablesOf(schema, rule, resource) }, "self");
  if (!yields(found.program, "string")) throw new Error("messageExpression must evaluate to a string");
  return found;
}

function variablesOf(schema: Structural, { optionalOldSelf }: Rule, resource: boolean): Record<string, CelType> {
  const self = typeOf(schema, resource || schema.embedded);
  if (!self) throw new Error("rule is on a schema without a type");
  return { self, oldSelf: optionalOldSelf ? optionalOf(self) : self };
}

/** What may be anything is known only when it runs. */
const yields = ({ type }: Program, wanted: string): boolean => ["dyn", wanted].includes(typeText(type));

export const speaksOfOld = ({ variables }: Program): boolean => variables.has("oldSelf");

function compileRule(schema: Structural, rule: Rule, resource: boolean): CompiledRule {
  const { program } = compileCheck(schema, rule, resource);
  const message = compileMessage(schema, rule, resource)?.program;
  const place = rule.fieldPath ? (ruleFieldPath(schema, rule.fieldPath) ?? rule.fieldPath) : "";
  return { rule, program, message, place, transition: speaksOfOld(program) && !rule.optionalOldSelf };
}

class Run {
  readonly #errors: FieldErrors;
  readonly #budget: Budget = { left: OBJECT_COST_MAX };
  #over = false;

  constructor(errors: FieldErrors) {
    this.#errors = errors;
  }

  place(place: Place, value: unknown, old: unknown, path: string): void {
    // What did not change was accepted before (KEP-4008).
    if (this.#over || value === undefined || value === null || (old !== undefined && jsonEqual(value, old))) return;
    for (const rule of place.rules) if (!this.#over) this.#rule(place.schema, rule, value, old, path);
    if (Array.isArray(value)) {
      if (!place.items) return;
      const before = Array.isArray(old) ? old : [];
      for (const [index, item] of value.entries())
        this.place(place.items, item, correlated(place.schema, item, before), `${path}[${index}]`);
    } else if (isObject(value)) {
      const before = isObject(old) ? old : {};
      for (const [name, inner] of Object.entries(value)) {
        const member = place.members.get(name) ?? (place.schema.properties.has(name) ? undefined : place.additional);
        const at = place.additional && !place.members.has(name) ? `${path}[${name}]` : path === "" ? name : `${path}.${name}`;
        if (member) this.place(member, inner, before[name], at);
      }
    }
  }

  #rule(schema: Structural, compiled: CompiledRule, self: unknown, old: unknown, path: string): void {
    const { rule, program, message, place, transition } = compiled;
    if (transition && old === undefined) return;
    const oldSelf = rule.optionalOldSelf ? optional(old, schema) : old;
    const shown = rule.message?.trim() || rule.rule.trim();
    const fail = (detail: string) => this.#fail(rule, schema, path + place, detail);
    try {
      if (program.evaluate({ self, oldSelf }, { budget: this.#budget }) === true) return;
      fail(this.#message(message, rule, { self, oldSelf }));
    } catch (error) {
      if (!(error instanceof CostError)) return fail(`${(error as Error).message} evaluating rule: ${shown}`);
      this.#over = true;
      fail(
        this.#budget.left <= 0
          ? "validation failed due to running out of cost budget, no further validation rules will be run"
          : `call cost exceeds limit for rule: ${shown}, no further validation rules will be run`,
      );
    }
  }

  #message(program: Program | undefined, rule: Rule, bindings: Record<string, unknown>): string {
    if (program) {
      try {
        const text = String(program.evaluate(bindings, { budget: this.#budget })).trim();
        if (text !== "" && !text.includes("\n") && text.length <= 5 * 1024) return text;
      } catch {
        // A message that fails leaves the word to the plain one.
      }
    }
    return rule.message?.trim() || `failed rule: ${rule.rule.trim()}`;
  }

  #fail({ reason }: Rule, { type }: Structural, path: string, detail: string): void {
    const field = path.replace(/^\./, "") || "<nil>";
    switch (reason) {
      case "FieldValueForbidden":
        return this.#errors.forbidden(field, detail);
      case "FieldValueRequired":
        return this.#errors.required(field, detail);
      case "FieldValueDuplicate":
        return this.#errors.duplicate(field, type);
      default:
        return this.#errors.invalid(field, type, detail);
    }
  }
}

function optional(old: unknown, schema: Structural): Optional {
  return old === undefined ? Optional.none : new Optional(fromJson(old, typeOf(schema)));
}

/** The item that an item was before: only items of list maps have an identity. */
function correlated({ listType, mapKeys }: Structural, item: unknown, before: readonly unknown[]): unknown {
  if (listType !== "map" || !isObject(item)) return undefined;
  return before.find((other) => isObject(other) && mapKeys.every((key) => jsonEqual(other[key], item[key])));
}
