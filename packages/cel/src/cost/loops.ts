/**
 * Loops: what one turn costs, times the turns. cel-go spells each macro out as a loop over an accumulator, and so the
 * price of a turn is that of its spelling: `all` reads the accumulator in its condition and again in its step
 * (`@not_strictly_false(acc)`, `acc && p`), `map` makes a list of one and appends it (`acc + [t]`).
 */
import type { Comprehension, Macro } from "../ast.ts";
import type { CelType } from "../types.ts";
import { type Estimate, type Estimator, type Local, sizeOf } from "./estimate.ts";
import { ONE, plus, times, upTo } from "./size.ts";

interface Shape {
  /** What the accumulator starts as: a literal, a new list, a new map. */
  start: number;
  /** Condition and step, without the expressions inside. */
  turn: number;
  /** Reading the result. */
  result: number;
  makes: "bool" | "list" | "map";
}

const LIST: Shape = { start: 10, turn: 12, result: 1, makes: "list" };
const SHAPES: Record<Macro, Shape> = {
  all: { start: 0, turn: 3, result: 1, makes: "bool" },
  exists: { start: 0, turn: 4, result: 1, makes: "bool" },
  existsOne: { start: 0, turn: 2, result: 2, makes: "bool" },
  map: LIST,
  transformList: LIST,
  filter: LIST,
  transformMap: { start: 30, turn: 3, result: 1, makes: "map" },
  transformMapEntry: { start: 30, turn: 2, result: 1, makes: "map" },
};

export function estimateLoop(estimator: Estimator, node: Comprehension): Estimate {
  const range = estimator.estimate(node.range);
  const variables = variablesOf(estimator, node, range);
  return estimator.within(variables, () => {
    const test = node.test ? estimator.estimate(node.test).cost : 0;
    const body = estimator.estimate(node.body);
    const { start, turn, result, makes } = SHAPES[node.macro];
    // filter appends its variable: reading that is one more.
    const perTurn = plus(plus(test, body.cost), node.macro === "filter" ? turn + 1 : turn);
    const cost = plus(plus(range.cost, start + result), times(range.size.max, perTurn));
    if (makes === "bool") return estimator.made(node, cost, ONE);
    const item = node.macro === "filter" ? sizeOf(variables[node.first]!) : body.size;
    return estimator.made(node, cost, range.size, makes === "list" ? { key: ONE, value: upTo(item.max) } : undefined);
  });
}

function variablesOf(estimator: Estimator, { first, second }: Comprehension, range: Estimate): Record<string, Local> {
  const isList = range.type.kind === "list";
  if (second === undefined) return { [first]: isList ? element(estimator, range) : key(estimator, range) };
  return { [first]: isList ? index() : key(estimator, range), [second]: element(estimator, range) };
}

const index = (): Local => ({ declared: null, type: { kind: "simple", name: "int" }, size: ONE, entries: undefined });

/**
 * An item of a list, or a value of a map. What comes out of a list that the expression itself has made has no path;
 * upstream then looks at the root's declaration, and so do we: what is taken and refused is a contract.
 */
function element(estimator: Estimator, { declared, entries, type }: Estimate): Local {
  const of = declared ? (declared.kind === "list" ? declared.element : declared.kind === "map" ? declared.value : null) : undefined;
  return local(declared ? of : estimator.checked.root, inside(type, "value"), entries?.value);
}

function key(estimator: Estimator, { declared, entries, type }: Estimate): Local {
  const of = declared ? (declared.kind === "map" ? declared.key : null) : undefined;
  return local(declared ? of : estimator.checked.root, inside(type, "key"), entries?.key);
}

const inside = (type: CelType, part: "key" | "value"): CelType =>
  type.kind === "list" ? type.element : type.kind === "map" ? type[part] : { kind: "simple", name: "dyn" };

const local = (declared: CelType | null | undefined, type: CelType, size: Local["size"]): Local => ({
  declared,
  type,
  size,
  entries: undefined,
});
