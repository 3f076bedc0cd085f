/** x-kubernetes-validations: CEL rules at their places in a schema (KEP-2876). */
import { type FieldErrors, isObject, jsonEqual, type KubeObject, type Rule, type RuleCheck, type Structural } from "@flotilla/api";
import {
  BOOL,
  type Budget,
  type CelType,
  CostError,
  compile,
  fromJson,
  Optional,
  optionalOf,
  type Program,
  STRING,
  typeText,
} from "@flotilla/cel";
import { typeOf } from "@flotilla/kube-cel";

/** For all rules of one object. */
const OBJECT_COST_MAX = 10_000_000;

interface CompiledRule {
  rule: Rule;
  program: Program;
  message: Program | undefined;
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

/** @throws CompileError; Error when it yields no bool, or its message no string. */
export function compileRule(schema: Structural, rule: Rule, resource: boolean): CompiledRule {
  const self = typeOf(schema, resource || schema.embedded);
  if (!self) throw new Error("rule is on a schema without a type");
  const transition = /\boldSelf\b/.test(rule.rule);
  const oldSelf: CelType = rule.optionalOldSelf ? optionalOf(self) : self;
  const variables = { self, ...(transition ? { oldSelf } : {}) };
  const program = compile(rule.rule, { variables });
  if (program.type !== BOOL && typeText(program.type) !== "dyn") throw new Error("cel expression must evaluate to a bool");
  return { rule, program, message: compileMessage(rule, self, oldSelf), transition: transition && !rule.optionalOldSelf };
}

/** @throws CompileError; Error when it yields no string. */
export function compileMessageOf(schema: Structural, rule: Rule, resource: boolean): Program | undefined {
  const self = typeOf(schema, resource || schema.embedded);
  return self && compileMessage(rule, self, rule.optionalOldSelf ? optionalOf(self) : self);
}

function compileMessage(rule: Rule, self: CelType, oldSelf: CelType): Program | undefined {
  if (!rule.messageExpression) return undefined;
  const withOld = /\boldSelf\b/.test(rule.messageExpression);
  const message = compile(rule.messageExpression, { variables: { self, ...(withOld ? { oldSelf } : {}) } });
  if (message.type !== STRING) throw new Error("messageExpression must evaluate to a string");
  return message;
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

  #rule(schema: Structural, { rule, program, message, transition }: CompiledRule, self: unknown, old: unknown, path: string): void {
    if (transition && old === undefined) return;
    const oldSelf = rule.optionalOldSelf ? optional(old, schema) : old;
    const shown = rule.message?.trim() || rule.rule.trim();
    const fail = (detail: string) => this.#fail(rule, schema, path, detail);
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

  #fail({ reason, fieldPath }: Rule, { type }: Structural, path: string, detail: string): void {
    const field = (path + (fieldPath ?? "")).replace(/^\./, "") || "<nil>";
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
