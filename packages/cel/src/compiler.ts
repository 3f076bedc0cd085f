/**
 * Checks the types of a tree and turns it into closures, in one walk. Errors are gathered, so that an author sees
 * all of them at once; a program is made only if there are none.
 */
import { compileList, compileMap, join } from "./aggregates.ts";
import type { Node } from "./ast.ts";
import { type Call, compileCall } from "./calls.ts";
import { compileComprehension } from "./comprehensions.ts";
import { typeOfConstant } from "./constants.ts";
import { CostError, EvaluationError, type Issue } from "./errors.ts";
import type { Evaluation } from "./evaluation.ts";
import type { Overload } from "./functions.ts";
import { readIndex, readOptionalIndex, selectField, testField } from "./select.ts";
import { assignable, BOOL, type CelType, DYN, INT, isDyn, optionalOf, TYPE, typeText } from "./types.ts";
import { Optional, TypeValue, type Value } from "./values.ts";

export type Run = (evaluation: Evaluation) => Value;

/** A subexpression, checked and ready to run. */
export interface Compiled {
  type: CelType;
  run: Run;
}

/** A call and what it may mean: several overloads where only values tell. */
export interface Resolved {
  name: string;
  overloads: readonly Overload[];
  /** What stands before the dot is part of the name: sets.contains. */
  namespaced: boolean;
}

export interface Variable {
  slot: number;
  type: CelType;
}

/** Names that stand for types. */
const TYPE_NAMES: Record<string, string> = Object.fromEntries(
  ["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type", "optional_type"].map((name) => [name, name]),
);
for (const name of ["google.protobuf.Timestamp", "google.protobuf.Duration"]) TYPE_NAMES[name] = name;

export class Compiler {
  readonly issues: Issue[] = [];
  /** What was found out about the tree, for those who walk it later. */
  readonly types = new Map<Node, CelType>();
  readonly calls = new Map<Node, Resolved>();
  readonly names = new Set<Node>();
  /** The variables that the expression speaks of. */
  readonly spokenOf = new Set<string>();
  readonly functions: ReadonlyMap<string, readonly Overload[]>;
  /** Lists and maps must hold values of one type, as Kubernetes wants it. */
  homogeneous: boolean;
  /** Innermost last. */
  readonly #scopes: Map<string, Variable>[];
  #slots: number;

  constructor(functions: ReadonlyMap<string, readonly Overload[]>, variables: ReadonlyMap<string, Variable>, homogeneous: boolean) {
    this.functions = functions;
    this.homogeneous = homogeneous;
    this.#scopes = [new Map(variables)];
    this.#slots = variables.size;
  }

  get slots(): number {
    return this.#slots;
  }

  issue(at: number, message: string): Compiled {
    this.issues.push({ at, message });
    return { type: DYN, run: () => null };
  }

  /** Compiles `body` where these names are known too; yields their slots. */
  within<T>(names: Record<string, CelType>, body: (slots: number[]) => T): T {
    const slots: number[] = [];
    const scope = new Map<string, Variable>();
    for (const [name, type] of Object.entries(names)) {
      slots.push(this.#slots);
      scope.set(name, { slot: this.#slots++, type });
    }
    this.#scopes.push(scope);
    try {
      return body(slots);
    } finally {
      this.#scopes.pop();
    }
  }

  /** As compile, but literals may mix types. */
  compileMixed(node: Node): Compiled {
    const before = this.homogeneous;
    this.homogeneous = false;
    try {
      return this.compile(node);
    } finally {
      this.homogeneous = before;
    }
  }

  compile(node: Node): Compiled {
    const compiled = this.#compile(node);
    this.types.set(node, compiled.type);
    return compiled;
  }

  #compile(node: Node): Compiled {
    switch (node.kind) {
      case "const":
        return { type: typeOfConstant(node.value), run: () => node.value };
      case "ident":
        return this.#identifier(node.name, node.at);
      case "select":
        return this.#select(node);
      case "test":
        return this.#test(node);
      case "index":
        return this.#index(node);
      case "and":
      case "or":
        return this.#logical(node);
      case "conditional":
        return this.#conditional(node);
      case "list":
        return compileList(this, node);
      case "map":
        return compileMap(this, node);
      case "message":
        return this.issue(node.at, `undeclared reference to '${node.name}' (in container '')`);
      case "bind":
        return this.#bind(node);
      case "optMap":
        return this.#optMap(node);
      case "comprehension":
        return compileComprehension(this, node);
      case "call":
        return compileCall(this, node as Call);
    }
  }

  /** `a.b.c` as one name, where nothing of it is a variable. */
  qualifiedName(node: Node): string | undefined {
    if (node.kind === "ident") return this.#find(node.name) ? undefined : node.name.replace(/^\./, "");
    if (node.kind !== "select" || node.optional) return undefined;
    const operand = this.qualifiedName(node.operand);
    return operand === undefined ? undefined : `${operand}.${node.field}`;
  }

  #find(name: string): Variable | undefined {
    if (name.startsWith(".")) return this.#scopes[0]!.get(name.slice(1));
    for (let depth = this.#scopes.length - 1; depth >= 0; depth--) {
      const found = this.#scopes[depth]!.get(name);
      if (found) return found;
    }
    return undefined;
  }

  #identifier(name: string, at: number): Compiled {
    const variable = this.#find(name);
    const bare = name.replace(/^\./, "");
    if (variable && this.#scopes[0]!.get(bare) === variable) this.spokenOf.add(bare);
    if (!variable) return this.#typeName(name) ?? this.issue(at, `undeclared reference to '${name}' (in container '')`);
    const { slot, type } = variable;
    return {
      type,
      run(evaluation) {
        evaluation.charge(1);
        const value = evaluation.slots[slot];
        if (value === undefined) throw new EvaluationError(`no such attribute(s): ${name}`);
        return value;
      },
    };
  }

  #typeName(name: string): Compiled | undefined {
    const type = Object.hasOwn(TYPE_NAMES, name) ? TYPE_NAMES[name]! : undefined;
    if (type === undefined) return undefined;
    const value = new TypeValue(type);
    return { type: TYPE, run: () => value };
  }

  #select(node: Extract<Node, { kind: "select" }>): Compiled {
    // A variable may have a dot in its name: authorizer.requestResource.
    const dotted = node.operand.kind === "ident" && !node.optional ? `${node.operand.name}.${node.field}` : "";
    const qualified = this.qualifiedName(node);
    const found = this.#scopes[0]!.has(dotted) ? this.#identifier(dotted, node.at) : qualified && this.#typeName(qualified);
    if (found) {
      this.names.add(node);
      return found;
    }
    const operand = this.compile(node.operand);
    const chained = operand.type.kind === "optional";
    const member = this.#fieldType(operand.type.kind === "optional" ? operand.type.value : operand.type, node.field, node.at);
    const optional = chained || node.optional;
    // dyn may turn out to be an optional; so may the result.
    const type = optional && member.kind !== "optional" ? optionalOf(member) : member;
    const { field } = node;
    return {
      type,
      run(evaluation) {
        evaluation.charge(1);
        return selectField(operand.run(evaluation), field, node.optional);
      },
    };
  }

  #fieldType(type: CelType, field: string, at: number): CelType {
    if (isDyn(type)) return DYN;
    if (type.kind === "map") return type.value;
    if (type.kind !== "object") return this.issue(at, `type '${typeText(type)}' does not support field selection`).type;
    return type.field(field)?.type ?? this.issue(at, `undefined field '${field}'`).type;
  }

  #test(node: Extract<Node, { kind: "test" }>): Compiled {
    const operand = this.compile(node.operand);
    this.#fieldType(operand.type.kind === "optional" ? operand.type.value : operand.type, node.field, node.at);
    return {
      type: BOOL,
      run(evaluation) {
        evaluation.charge(1);
        return testField(operand.run(evaluation), node.field);
      },
    };
  }

  #index(node: Extract<Node, { kind: "index" }>): Compiled {
    const [operand, index] = [this.compile(node.operand), this.compile(node.index)];
    const chained = operand.type.kind === "optional";
    const inner = operand.type.kind === "optional" ? operand.type.value : operand.type;
    let type: CelType | undefined;
    if (isDyn(inner)) type = DYN;
    else if (inner.kind === "list" && assignable(INT, index.type, new Map())) type = inner.element;
    else if (inner.kind === "map" && assignable(inner.key, index.type, new Map())) type = inner.value;
    if (type === undefined) {
      const types = `${typeText(operand.type)}, ${typeText(index.type)}`;
      return this.issue(node.at, `found no matching overload for '${node.optional ? "_[?_]" : "_[_]"}' applied to '(${types})'`);
    }
    const read = node.optional ? readOptionalIndex : readIndex;
    return {
      type: chained || node.optional ? optionalOf(type) : type,
      run(evaluation) {
        evaluation.charge(1);
        return read(operand.run(evaluation), index.run(evaluation));
      },
    };
  }

  #logical(node: Extract<Node, { kind: "and" | "or" }>): Compiled {
    const terms = node.terms.map((term) => this.compile(term));
    const wrong = terms.findIndex((term) => !assignable(BOOL, term.type, new Map()));
    if (wrong >= 0) {
      const types = wrong === 0 ? [terms[0]!, terms[1]!] : [terms[wrong - 1]!, terms[wrong]!];
      const shown = types.map(({ type }) => typeText(type)).join(", ");
      return this.issue(node.at, `found no matching overload for '${node.kind === "and" ? "_&&_" : "_||_"}' applied to '(${shown})'`);
    }
    const decides = node.kind === "or";
    const runs = terms.map((term) => term.run);
    return { type: BOOL, run: (evaluation) => logical(runs.length, (index) => runs[index]!(evaluation), decides) };
  }

  #conditional(node: Extract<Node, { kind: "conditional" }>): Compiled {
    const [test, then, otherwise] = [this.compile(node.test), this.compile(node.then), this.compile(node.otherwise)];
    const type = join(then.type, otherwise.type);
    if (!assignable(BOOL, test.type, new Map()) || type === undefined) {
      const types = [test, then, otherwise].map((part) => typeText(part.type)).join(", ");
      return this.issue(node.at, `found no matching overload for '_?_:_' applied to '(${types})'`);
    }
    return {
      type,
      run(evaluation) {
        evaluation.charge(1);
        const chosen = test.run(evaluation);
        if (typeof chosen !== "boolean") throw new EvaluationError("no such overload");
        return chosen ? then.run(evaluation) : otherwise.run(evaluation);
      },
    };
  }

  #bind(node: Extract<Node, { kind: "bind" }>): Compiled {
    const value = this.compile(node.value);
    return this.within({ [node.name]: value.type }, ([slot]) => {
      const body = this.compile(node.body);
      return {
        type: body.type,
        run(evaluation) {
          evaluation.slots[slot!] = value.run(evaluation);
          return body.run(evaluation);
        },
      };
    });
  }

  #optMap(node: Extract<Node, { kind: "optMap" }>): Compiled {
    const target = this.compile(node.target);
    if (target.type.kind !== "optional" && !isDyn(target.type))
      return this.issue(node.at, `expected type 'optional_type(${typeText(target.type)})' but found '${typeText(target.type)}'`);
    const inner = target.type.kind === "optional" ? target.type.value : DYN;
    return this.within({ [node.name]: inner }, ([slot]) => {
      const body = this.compile(node.body);
      return {
        type: node.flat ? body.type : optionalOf(body.type),
        run(evaluation) {
          const value = target.run(evaluation);
          if (!(value instanceof Optional)) throw new EvaluationError("no such overload");
          if (value.value === undefined) return value;
          evaluation.slots[slot!] = value.value;
          const result = body.run(evaluation);
          return node.flat ? result : new Optional(result);
        },
      };
    });
  }
}

/**
 * `||` (decides: true) and `&&` (false) over any number of terms: one that decides wins, whatever errors stand
 * before it; otherwise the first error is the result.
 */
export function logical(count: number, term: (index: number) => Value, decides: boolean): boolean {
  let failure: unknown;
  for (let index = 0; index < count; index++) {
    try {
      const value = term(index);
      if (value === decides) return decides;
      if (typeof value !== "boolean") failure ??= new EvaluationError("no such overload");
    } catch (error) {
      if (error instanceof CostError || !(error instanceof EvaluationError)) throw error;
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return !decides;
}
