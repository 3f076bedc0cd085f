/** Method calls that are no calls: comprehensions, cel.bind, optMap. */
import type { Macro, Node } from "./ast.ts";

interface Shape {
  macro: Macro;
  /** Iteration variables, then whether a filter may stand before the body. */
  variables: 1 | 2;
  filtered: boolean;
}

/** By name and number of arguments. */
const SHAPES: Record<string, Shape> = {
  "all/2": { macro: "all", variables: 1, filtered: false },
  "exists/2": { macro: "exists", variables: 1, filtered: false },
  "exists_one/2": { macro: "existsOne", variables: 1, filtered: false },
  "existsOne/2": { macro: "existsOne", variables: 1, filtered: false },
  "map/2": { macro: "map", variables: 1, filtered: false },
  "map/3": { macro: "map", variables: 1, filtered: true },
  "filter/2": { macro: "filter", variables: 1, filtered: false },
  "all/3": { macro: "all", variables: 2, filtered: false },
  "exists/3": { macro: "exists", variables: 2, filtered: false },
  "existsOne/3": { macro: "existsOne", variables: 2, filtered: false },
  "exists_one/3": { macro: "existsOne", variables: 2, filtered: false },
  "transformList/3": { macro: "transformList", variables: 2, filtered: false },
  "transformList/4": { macro: "transformList", variables: 2, filtered: true },
  "transformMap/3": { macro: "transformMap", variables: 2, filtered: false },
  "transformMap/4": { macro: "transformMap", variables: 2, filtered: true },
  "transformMapEntry/3": { macro: "transformMapEntry", variables: 2, filtered: false },
  "transformMapEntry/4": { macro: "transformMapEntry", variables: 2, filtered: true },
};

/** The macro's node; undefined when it is an ordinary method; text when it is a macro used wrongly. */
export function memberMacro(target: Node, name: string, args: readonly Node[], at: number): Node | string | undefined {
  if (target.kind === "ident" && target.name === "cel" && name === "bind" && args.length === 3) return bind(args, at);
  if ((name === "optMap" || name === "optFlatMap") && args.length === 2) {
    const [variable, body] = args;
    if (variable!.kind !== "ident") return "optMap() variable name must be a simple identifier";
    return { kind: "optMap", at, target, name: variable.name, body: body!, flat: name === "optFlatMap" };
  }
  const shape = SHAPES[`${name}/${args.length}`];
  if (!shape) return undefined;
  const [first, second] = args;
  if (first!.kind !== "ident") return "argument must be a simple name";
  if (shape.variables === 2 && second!.kind !== "ident") return "argument must be a simple name";
  if (shape.variables === 2 && second!.kind === "ident" && second.name === first.name) return "duplicate variable name";
  return {
    kind: "comprehension",
    at,
    macro: shape.macro,
    range: target,
    first: first.name,
    second: shape.variables === 2 ? (second as { name: string }).name : undefined,
    test: shape.filtered ? args.at(-2) : undefined,
    body: args.at(-1)!,
  };
}

function bind([variable, value, body]: readonly Node[], at: number): Node | string {
  if (variable!.kind !== "ident") return "cel.bind() variable names must be simple identifiers";
  return { kind: "bind", at, name: variable.name, value: value!, body: body! };
}
