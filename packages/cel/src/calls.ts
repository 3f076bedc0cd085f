/** Calls of functions, methods and operators: overloads are narrowed by the types known, the rest at run time. */
import type { Node } from "./ast.ts";
import type { Compiled, Compiler } from "./compiler.ts";
import { equal } from "./equal.ts";
import { EvaluationError } from "./errors.ts";
import type { Evaluation } from "./evaluation.ts";
import { accepts, type Overload } from "./functions.ts";
import { compileRegex } from "./regex.ts";
import { assignable, type Bindings, BOOL, type CelType, DYN, isDyn, NULL, substitute, typeText } from "./types.ts";
import type { Value } from "./values.ts";

export type Call = Extract<Node, { kind: "call" }>;

export function compileCall(compiler: Compiler, node: Call): Compiled {
  const { target } = node;
  if (target) {
    const qualified = compiler.qualifiedName(target);
    const name = `${qualified}.${node.name}`;
    if (qualified !== undefined && compiler.functions.has(name)) return resolved(compiler, node, name, node.args, false);
    return resolved(compiler, node, node.name, [target, ...node.args], true);
  }
  if (node.name === "_==_" || node.name === "_!=_") return equality(compiler, node);
  return resolved(compiler, node, node.name, node.args, false);
}

function equality(compiler: Compiler, node: Call): Compiled {
  const [left, right] = node.args.map((arg) => compiler.compile(arg)) as [Compiled, Compiled];
  const variable: CelType = { kind: "param", name: "A" };
  const bindings: Bindings = new Map();
  if (!assignable(variable, left.type, bindings) || !assignable(variable, right.type, bindings))
    return mismatch(compiler, node, node.name, [left, right], false);
  const wanted = node.name === "_==_";
  return { type: BOOL, run: (evaluation) => equal(left.run(evaluation), right.run(evaluation), evaluation) === wanted };
}

function resolved(compiler: Compiler, node: Call, name: string, argNodes: readonly Node[], member: boolean): Compiled {
  const overloads = (compiler.functions.get(name) ?? []).filter((overload) => overload.member === member);
  if (overloads.length === 0) {
    for (const arg of argNodes) compiler.compile(arg);
    return compiler.issue(node.at, `undeclared reference to '${name}' (in container '')`);
  }
  // The list that format() takes mixes types by its nature.
  const args = argNodes.map((arg) => (name === "format" ? compiler.compileMixed(arg) : compiler.compile(arg)));
  const matching = overloads.flatMap((overload) => {
    const bindings: Bindings = new Map();
    if (overload.parameters.length !== args.length) return [];
    if (!overload.parameters.every((parameter, index) => assignable(parameter, args[index]!.type, bindings))) return [];
    return [{ overload, result: substitute(overload.result, bindings) }];
  });
  const [first] = matching;
  if (!first) return mismatch(compiler, node, name, args, member);
  checkPattern(compiler, name, argNodes);
  const namespaced = !member && node.target !== undefined;
  compiler.calls.set(node, { name, overloads: matching.map(({ overload }) => overload), namespaced });
  const same = matching.every(({ result }) => typeText(result) === typeText(first.result));
  const certain = matching.length === 1 && args.every(({ type }, index) => isCertain(type, first.overload.parameters[index]!));
  const runs = args.map(({ run }) => run);
  const type = same ? first.result : DYN;
  return {
    type,
    run: certain
      ? direct(first.overload, runs)
      : dispatched(
          matching.map(({ overload }) => overload),
          runs,
        ),
  };
}

/** The checker lets dyn and null pass for many types: then the values decide. */
function isCertain(given: CelType, wanted: CelType): boolean {
  return isDyn(wanted) || wanted.kind === "param" || (!isDyn(given) && given !== NULL);
}

type Runs = readonly ((evaluation: Evaluation) => Value)[];

function direct({ run }: Overload, runs: Runs) {
  return (evaluation: Evaluation): Value => {
    evaluation.charge(1);
    return run(
      runs.map((arg) => arg(evaluation)),
      evaluation,
    );
  };
}

function dispatched(overloads: readonly Overload[], runs: Runs) {
  return (evaluation: Evaluation): Value => {
    evaluation.charge(1);
    const args = runs.map((arg) => arg(evaluation));
    const found = overloads.find(({ parameters }) => parameters.every((parameter, index) => accepts(parameter, args[index]!)));
    if (!found) throw new EvaluationError("no such overload");
    return found.run(args, evaluation);
  };
}

function mismatch(compiler: Compiler, node: Call, name: string, args: readonly Compiled[], member: boolean): Compiled {
  const types = args.map(({ type }) => typeText(type));
  const applied = member ? `${types[0]}.(${types.slice(1).join(", ")})` : `(${types.join(", ")})`;
  return compiler.issue(node.at, `found no matching overload for '${name}' applied to '${applied}'`);
}

/** A pattern that stands in the expression is compiled with it: a wrong one is a compilation error. */
function checkPattern(compiler: Compiler, name: string, args: readonly Node[]): void {
  if (name !== "matches" && name !== "find" && name !== "findAll") return;
  const pattern = args[1];
  if (pattern?.kind !== "const" || typeof pattern.value !== "string") return;
  try {
    compileRegex(pattern.value);
  } catch (error) {
    compiler.issue(pattern.at, `invalid matches argument: ${(error as Error).message}`);
  }
}
