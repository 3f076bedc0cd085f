/** all, exists, exists_one, map, filter and the two-variable transforms, as loops that pay for every turn. */
import type { Comprehension, Macro } from "./ast.ts";
import { type Compiled, type Compiler, logical, type Run } from "./compiler.ts";
import { EvaluationError } from "./errors.ts";
import type { Evaluation } from "./evaluation.ts";
import { assignable, BOOL, type CelType, DYN, INT, isDyn, listOf, mapOf, STRING, typeText } from "./types.ts";
import { ArrayList, EntryMap, ListValue, MapValue, type Value } from "./values.ts";

/** What a loop does with each turn; the variables are bound before. */
interface Loop {
  /** [first, second] of each turn; the value alone is bound in the one-variable forms. */
  turns: readonly (readonly [Value, Value])[];
  bind(index: number): void;
  test: Run | undefined;
  body: Run;
  evaluation: Evaluation;
}

/** A list of one, added to the rest: a turn costs what it costs in cel-go, which spells loops out (cost/loops.ts). */
const APPEND_COST = 12;

const RESULTS: Record<Macro, (loop: Loop, twoVariables: boolean) => Value> = {
  all: (loop) => quantified(loop, false),
  exists: (loop) => quantified(loop, true),
  existsOne(loop) {
    let count = 0;
    each(loop, 1, (value) => {
      if (!boolean(value)) return;
      loop.evaluation.charge(1);
      count++;
    });
    return count === 1;
  },
  filter(loop) {
    const kept: Value[] = [];
    each(loop, 1, (value, index) => {
      if (!boolean(value)) return;
      loop.evaluation.charge(APPEND_COST);
      kept.push(loop.turns[index]![0]);
    });
    return new ArrayList(kept);
  },
  map: collected,
  transformList: collected,
  transformMap(loop) {
    const map = new EntryMap();
    each(loop, 3, (value, index) => map.add(loop.turns[index]![0], value));
    return map;
  },
  transformMapEntry(loop) {
    const map = new EntryMap();
    each(loop, 2, (value) => {
      if (!(value instanceof MapValue)) throw new EvaluationError("no such overload");
      for (const key of value.keys()) map.add(key, value.get(key)!);
    });
    return map;
  },
};

function collected(loop: Loop): Value {
  const results: Value[] = [];
  each(loop, APPEND_COST, (value) => results.push(value));
  return new ArrayList(results);
}

function quantified({ turns, bind, body, evaluation }: Loop, decides: boolean): Value {
  return logical(
    turns.length,
    (index) => {
      evaluation.charge(decides ? 4 : 3);
      bind(index);
      return body(evaluation);
    },
    decides,
  );
}

function each({ turns, bind, test, body, evaluation }: Loop, cost: number, take: (value: Value, index: number) => void): void {
  for (let index = 0; index < turns.length; index++) {
    evaluation.charge(cost);
    bind(index);
    if (test === undefined || boolean(test(evaluation))) take(body(evaluation), index);
  }
}

function boolean(value: Value): boolean {
  if (typeof value !== "boolean") throw new EvaluationError("no such overload");
  return value;
}

export function compileComprehension(compiler: Compiler, node: Comprehension): Compiled {
  const range = compiler.compile(node.range);
  const types = elementTypes(range.type, node.second !== undefined);
  if (!types) {
    const problem = `expression of type '${typeText(range.type)}' cannot be range of a comprehension (must be list, map, or dynamic)`;
    return compiler.issue(node.range.at, problem);
  }
  const names = node.second === undefined ? { [node.first]: types[0] } : { [node.first]: types[0], [node.second]: types[1] };
  return compiler.within(names, ([firstSlot, secondSlot]) => {
    const test = node.test && compiler.compile(node.test);
    const body = compiler.compile(node.body);
    if (test && !assignable(BOOL, test.type, new Map())) return wrongBody(compiler, node.test!.at, test);
    if (NEEDS_BOOL.has(node.macro) && !assignable(BOOL, body.type, new Map())) return wrongBody(compiler, node.body.at, body);
    const two = secondSlot !== undefined;
    const finish = RESULTS[node.macro];
    return {
      type: resultType(node.macro, types, body.type),
      run(evaluation) {
        const turns = turnsOf(range.run(evaluation), two);
        const bind = (index: number): void => {
          evaluation.slots[firstSlot!] = turns[index]![0];
          if (two) evaluation.slots[secondSlot] = turns[index]![1];
        };
        evaluation.charge(1 + Math.ceil(turns.length / 10));
        return finish({ turns, bind, test: test?.run, body: body.run, evaluation }, two);
      },
    };
  });
}

const NEEDS_BOOL = new Set<Macro>(["all", "exists", "existsOne", "filter"]);

function wrongBody(compiler: Compiler, at: number, { type }: Compiled): Compiled {
  return compiler.issue(at, `expected type 'bool' but found '${typeText(type)}'`);
}

function elementTypes(type: CelType, two: boolean): [CelType, CelType] | undefined {
  if (isDyn(type)) return [DYN, DYN];
  if (type.kind === "list") return two ? [INT, type.element] : [type.element, type.element];
  if (type.kind === "map") return [type.key, type.value];
  return type.kind === "object" ? [STRING, DYN] : undefined;
}

function resultType(macro: Macro, [first]: [CelType, CelType], body: CelType): CelType {
  if (macro === "filter") return listOf(first);
  if (macro === "map" || macro === "transformList") return listOf(body);
  if (macro === "transformMap") return mapOf(first, body);
  return macro === "transformMapEntry" ? body : BOOL;
}

function turnsOf(range: Value, two: boolean): (readonly [Value, Value])[] {
  if (range instanceof ListValue) return Array.from(range, (value, index) => (two ? [BigInt(index), value] : [value, value]));
  if (range instanceof MapValue) return Array.from(range.keys(), (key) => [key, range.get(key)!]);
  throw new EvaluationError("no such overload");
}
