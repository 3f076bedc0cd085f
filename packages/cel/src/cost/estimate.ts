/**
 * The worst that an expression can cost, known before it ever runs (KEP-2876; the model is cel-go's checker/cost.go).
 *
 * One walk from the leaves up. Each node yields what it costs at most and how big its value can be, since most of what
 * costs grows with sizes: `x in list` reads the whole list, `list.all(x, p)` pays p once per item. Sizes come from three
 * places, asked in this order:
 *  1. the expression: a literal's length, `a + b` is as long as both;
 *  2. the declaration: a type may carry `size_max` (a schema's maxLength, maxItems, maxProperties, or what fits into one
 *     request). It is found by following the path from a variable: self → self.items → an item → its name;
 *  3. nothing: then the size is MAX, and whatever grows with it is over every budget.
 *
 * A declared size is a maximum, so costs are maxima: both sides of && and the dearer one of ?: count. A unit is about
 * a node, as when an expression runs (evaluation.ts), though the two ledgers are kept apart: a run is charged for what
 * it does. The numbers decide which definitions a server takes; clients rely on them, and so they are upstream's, to
 * the unit, also where they surprise (comparing two objects is free, a map's key has no length).
 */
import type { Node } from "../ast.ts";
import type { Resolved } from "../compiler.ts";
import { type CelType, isDyn } from "../types.ts";
import type { Value } from "../values.ts";
import { estimateCall } from "./calls.ts";
import { estimateLoop } from "./loops.ts";
import { eitherSize, exactly, ONE, plus, type Size, UNKNOWN, upTo } from "./size.ts";

/** What is known of a node. */
export interface Estimate {
  readonly cost: number;
  readonly size: Size;
  readonly type: CelType;
  /** Where the path from a variable leads; undefined for what an expression makes. */
  readonly declared: CelType | undefined;
  /** How big the items of a list are, or the keys and values of a map, where the expression makes it. */
  readonly entries: { readonly key: Size; readonly value: Size } | undefined;
  readonly literal?: Value;
}

/** A name bound inside the expression. `declared` is null where a path leads nowhere. */
export interface Local {
  readonly declared: CelType | null | undefined;
  readonly type: CelType;
  readonly size: Size | undefined;
  readonly entries: Estimate["entries"];
}

/** What the checker has found out about the nodes of a tree. */
export interface Checked {
  readonly types: ReadonlyMap<Node, CelType>;
  readonly calls: ReadonlyMap<Node, Resolved>;
  /** Selections that are one name: google.protobuf.Duration. */
  readonly names: ReadonlySet<Node>;
  readonly variables: Readonly<Record<string, CelType>>;
  /** Stands for the declaration of what has none of its own (see loops.ts). */
  readonly root: CelType | undefined;
}

const LIST_COST = 10;
const MAP_COST = 30;

export const estimateCost = (node: Node, checked: Checked): number => new Estimator(checked).estimate(node).cost;

export class Estimator {
  readonly checked: Checked;
  readonly #locals = new Map<string, Local[]>();

  constructor(checked: Checked) {
    this.checked = checked;
  }

  /** Estimates `body` where these names are bound too. */
  within<T>(names: Record<string, Local>, body: () => T): T {
    for (const [name, local] of Object.entries(names)) this.#locals.set(name, [...(this.#locals.get(name) ?? []), local]);
    try {
      return body();
    } finally {
      for (const name of Object.keys(names)) this.#locals.get(name)!.pop();
    }
  }

  typeOf(node: Node): CelType {
    return this.checked.types.get(node)!;
  }

  estimate(node: Node): Estimate {
    switch (node.kind) {
      case "const":
        return { ...this.made(node, 0, sizeOfConstant(node.value)), literal: node.value };
      case "ident":
        return this.#named(node, node.name);
      case "select":
        return this.#select(node);
      case "test":
        // has(a.b) is charged as reading a.
        return this.made(node, this.estimate(node.operand).cost, ONE);
      case "index":
        return this.#index(node);
      case "and":
      case "or":
        return this.made(node, this.#sum(node.terms), ONE);
      case "conditional":
        return this.#conditional(node);
      case "list":
        return this.#list(node);
      case "map":
        return this.#map(node);
      case "message":
        return this.made(node, 0);
      case "bind":
        return this.#bind(node);
      case "optMap":
        return this.#optMap(node);
      case "comprehension":
        return estimateLoop(this, node);
      case "call":
        return estimateCall(this, node);
    }
  }

  /** A value that the expression makes. Without a size, the type may know: scalars are of size one. */
  made(node: Node, cost: number, size?: Size, entries?: Estimate["entries"]): Estimate {
    const type = this.typeOf(node);
    return { cost, size: size ?? (isScalar(type) ? ONE : UNKNOWN), type, declared: undefined, entries };
  }

  /** A value that is reached by a path; null: by one that leads nowhere. */
  #reached(node: Node, cost: number, declared: CelType | null | undefined, known?: Size, entries?: Estimate["entries"]): Estimate {
    const type = this.typeOf(node);
    const size = sizeOf({ declared, type, size: known, entries });
    return { cost, size, type, declared: declared ?? undefined, entries };
  }

  #sum(nodes: readonly Node[]): number {
    return nodes.reduce((sum, node) => plus(sum, this.estimate(node).cost), 0);
  }

  #named(node: Node, name: string): Estimate {
    const local = this.#locals.get(name)?.at(-1);
    if (local) return this.#reached(node, 1, local.declared, local.size, local.entries);
    const bare = name.replace(/^\./, "");
    // Names of types are names too.
    const { variables, root } = this.checked;
    return this.#reached(node, 1, Object.hasOwn(variables, bare) ? variables[bare] : root);
  }

  #select(node: Extract<Node, { kind: "select" }>): Estimate {
    if (this.checked.names.has(node)) return this.#named(node, dotted(node));
    const operand = this.estimate(node.operand);
    if (node.optional) return this.made(node, plus(operand.cost, 1));
    const known = operand.type.kind === "map" || operand.type.kind === "object";
    const { declared } = operand;
    const field = declared?.kind === "object" ? (declared.field(node.field)?.type ?? null) : declared && null;
    return this.#reached(node, plus(operand.cost, known ? 1 : 0), field);
  }

  #index(node: Extract<Node, { kind: "index" }>): Estimate {
    const [operand, index] = [this.estimate(node.operand), this.estimate(node.index)];
    const cost = plus(plus(operand.cost, index.cost), 1);
    if (node.optional) return this.made(node, cost);
    const { declared, entries } = operand;
    return this.#reached(node, cost, declared && inner(declared), entries?.value);
  }

  #conditional(node: Extract<Node, { kind: "conditional" }>): Estimate {
    const [test, then, otherwise] = [this.estimate(node.test), this.estimate(node.then), this.estimate(node.otherwise)];
    const cost = plus(test.cost, Math.max(then.cost, otherwise.cost));
    return this.made(node, cost, eitherSize(then.size, otherwise.size), eitherEntries(then.entries, otherwise.entries));
  }

  #list(node: Extract<Node, { kind: "list" }>): Estimate {
    const elements = node.elements.map((element) => this.estimate(element.node));
    const cost = elements.reduce((sum, element) => plus(sum, element.cost), LIST_COST);
    return this.made(node, cost, exactly(elements.length), { key: ONE, value: anyOf(elements) });
  }

  #map(node: Extract<Node, { kind: "map" }>): Estimate {
    const [keys, values] = [node.entries.map(({ key }) => this.estimate(key)), node.entries.map(({ value }) => this.estimate(value))];
    const cost = [...keys, ...values].reduce((sum, part) => plus(sum, part.cost), MAP_COST);
    return this.made(node, cost, exactly(keys.length), { key: anyOf(keys), value: anyOf(values) });
  }

  /** cel.bind is a loop without turns in cel-go: it pays for the empty list. */
  #bind(node: Extract<Node, { kind: "bind" }>): Estimate {
    const { declared, type, size, entries, cost } = this.estimate(node.value);
    return this.within({ [node.name]: { declared, type, size, entries } }, () => {
      const body = this.estimate(node.body);
      return this.made(node, plus(plus(LIST_COST, cost), body.cost), body.size, body.entries);
    });
  }

  /** target.hasValue() ? optional.of(cel.bind(name, target.value(), body)) : optional.none() */
  #optMap(node: Extract<Node, { kind: "optMap" }>): Estimate {
    const target = this.estimate(node.target);
    const type = target.type.kind === "optional" ? target.type.value : target.type;
    const size = isScalar(type) ? ONE : undefined;
    return this.within({ [node.name]: { declared: undefined, type, size, entries: undefined } }, () => {
      const body = this.estimate(node.body);
      const asked = plus(target.cost, 1);
      const bound = plus(plus(LIST_COST, asked), body.cost);
      return this.made(node, plus(asked, plus(bound, node.flat ? 0 : 1)));
    });
  }
}

/** Of a name: its declaration speaks first. */
export const sizeOf = ({ declared, type, size }: Local): Size =>
  declared ? upTo(declaredMax(declared)) : isScalar(type) ? ONE : (size ?? UNKNOWN);

/** What a type says about its values' size; types that say nothing count as nothing. */
const declaredMax = (type: CelType): number => ("size_max" in type ? (type.size_max ?? 0) : 0);

/** What a list or map holds; null where there is nothing inside. */
export function inner(type: CelType): CelType | null {
  if (type.kind === "list") return type.element;
  return type.kind === "map" ? type.value : null;
}

export function isScalar(type: CelType): boolean {
  if (type.kind === "optional") return isScalar(type.value);
  return type.kind === "simple" && !isDyn(type) && SCALARS.has(type.name);
}

const SCALARS = new Set(["bool", "int", "uint", "double", "duration", "timestamp"]);

function sizeOfConstant(value: Value): Size {
  if (typeof value === "string") return exactly([...value].length);
  return value instanceof Uint8Array ? exactly(value.length) : ONE;
}

function eitherEntries(a: Estimate["entries"], b: Estimate["entries"]): Estimate["entries"] {
  return a && b && { key: eitherSize(a.key, b.key), value: eitherSize(a.value, b.value) };
}

const anyOf = (parts: readonly Estimate[]): Size =>
  parts.length === 0 ? upTo(0) : parts.map(({ size }) => size).reduce((all, size) => eitherSize(all, size));

const dotted = (node: Node): string =>
  node.kind === "select" ? `${dotted(node.operand)}.${node.field}` : node.kind === "ident" ? node.name : "";
