/** List and map literals: one type for what they hold, elements that may be left out. */
import type { Node } from "./ast.ts";
import type { Compiled, Compiler } from "./compiler.ts";
import { EvaluationError } from "./errors.ts";
import { assignable, type Bindings, type CelType, DYN, isDyn, listOf, mapOf, NULL, typeText } from "./types.ts";
import { ArrayList, ConstantList, EntryMap, Optional, type Value } from "./values.ts";

type Constant = Extract<Node, { kind: "const" }>;

const LIST_COST = 10;
const MAP_COST = 30;

/** The type that holds both; undefined when there is none. */
export function join(a: CelType, b: CelType): CelType | undefined {
  const bindings: Bindings = new Map();
  const variable: CelType = { kind: "param", name: "A" };
  if (!assignable(variable, a, bindings) || !assignable(variable, b, bindings)) return undefined;
  if (isDyn(a) || isDyn(b)) return DYN;
  const bound = bindings.get("A")!;
  return bound === NULL ? b : bound;
}

/** The element type of a literal. */
function common(compiler: Compiler, parts: readonly { type: CelType; at: number }[]): CelType {
  let found: CelType | undefined;
  for (const { type, at } of parts) {
    const joined: CelType | undefined = found === undefined ? type : join(found, type);
    if (joined === undefined && compiler.homogeneous)
      compiler.issue(at, `expected type '${typeText(found!)}' but found '${typeText(type)}'`);
    found = joined ?? DYN;
    if (joined === undefined) break;
  }
  return found ?? DYN;
}

/** The value of an element that may be left out. */
function given(compiler: Compiler, compiled: Compiled, optional: boolean, at: number): CelType {
  if (!optional) return compiled.type;
  if (compiled.type.kind === "optional") return compiled.type.value;
  if (!isDyn(compiled.type))
    compiler.issue(at, `expected type 'optional_type(${typeText(compiled.type)})' but found '${typeText(compiled.type)}'`);
  return DYN;
}

export function compileList(compiler: Compiler, node: Extract<Node, { kind: "list" }>): Compiled {
  const elements = node.elements.map(({ node: element, optional }) => {
    const compiled = compiler.compile(element);
    return { run: compiled.run, type: given(compiler, compiled, optional, element.at), at: element.at, optional };
  });
  const type = listOf(common(compiler, elements));
  const constant = node.elements.every((element) => element.node.kind === "const" && !element.optional);
  if (constant) {
    // What never changes is made once, and costs nothing to look at (as cel-go folds constants).
    const list = new ConstantList(node.elements.map((element) => (element.node as Constant).value));
    return { type, run: () => list };
  }
  return {
    type,
    run(evaluation) {
      evaluation.charge(LIST_COST + elements.length);
      const values: Value[] = [];
      for (const { run, optional } of elements) {
        const value = unlessAbsent(run(evaluation), optional);
        if (value !== undefined) values.push(value);
      }
      return new ArrayList(values);
    },
  };
}

export function compileMap(compiler: Compiler, node: Extract<Node, { kind: "map" }>): Compiled {
  const entries = node.entries.map(({ key, value, optional }) => {
    const [compiledKey, compiledValue] = [compiler.compile(key), compiler.compile(value)];
    return {
      key: { ...compiledKey, at: key.at },
      value: { run: compiledValue.run, type: given(compiler, compiledValue, optional, value.at), at: value.at },
      optional,
    };
  });
  const type = mapOf(
    common(
      compiler,
      entries.map(({ key }) => key),
    ),
    common(
      compiler,
      entries.map(({ value }) => value),
    ),
  );
  return {
    type: entries.length === 0 ? mapOf(DYN, DYN) : type,
    run(evaluation) {
      evaluation.charge(MAP_COST + entries.length);
      const map = new EntryMap();
      for (const entry of entries) {
        const key = entry.key.run(evaluation);
        const value = unlessAbsent(entry.value.run(evaluation), entry.optional);
        if (value !== undefined) map.add(key, value);
      }
      return map;
    },
  };
}

function unlessAbsent(value: Value, optional: boolean): Value | undefined {
  if (!optional) return value;
  if (!(value instanceof Optional)) throw new EvaluationError("no such overload");
  return value.value;
}
