/** An expression made a program: `compile("self.replicas <= 5", { variables: { self: DYN } }).evaluate({ self })`. */
import type { Node } from "./ast.ts";
import { Compiler, type Run, type Variable } from "./compiler.ts";
import { estimateCost } from "./cost/estimate.ts";
import { CompileError, CostError } from "./errors.ts";
import { type Budget, CALL_COST_MAX, Evaluation } from "./evaluation.ts";
import type { Library, Overload } from "./functions.ts";
import { fromJson } from "./json.ts";
import { KUBERNETES } from "./library/index.ts";
import { parse } from "./parser.ts";
import type { CelType } from "./types.ts";
import type { Value } from "./values.ts";

export interface CompileOptions {
  /** Names the expression may use, with their types; DYN where nothing is known. */
  variables: Readonly<Record<string, CelType>>;
  /** Functions besides those of every Kubernetes API server. */
  libraries?: readonly Library[];
  /** Let literals mix types (default false: Kubernetes refuses it). */
  heterogeneous?: boolean;
}

export interface EvaluateOptions {
  /** What this call may cost (default CALL_COST_MAX). */
  cost_max?: number;
  /** Shared with other calls; what this one costs is taken off it. */
  budget?: Budget;
}

export interface Program {
  readonly expression: string;
  /** The type of what it yields, DYN where only evaluation tells. */
  readonly type: CelType;
  /** The variables that it speaks of. */
  readonly variables: ReadonlySet<string>;
  /**
   * Bindings are plain JSON or Values, seen through the declared types; one that is missing fails only where it is used.
   * @throws EvaluationError, CostError
   */
  evaluate(bindings: Readonly<Record<string, unknown>>, options?: EvaluateOptions): Value;
}

/** @throws CompileError naming everything that is wrong. */
export function compile(expression: string, options: CompileOptions): Program {
  return check(expression, options).program;
}

/**
 * Compiles, and tells what a run costs at most (cost/estimate.ts). What has no declaration of its own is looked up in
 * that of the variable named `root`.
 * @throws CompileError
 */
export function compileWithCost(expression: string, options: CompileOptions, root: string): { program: Program; cost: number } {
  const { program, node, compiler } = check(expression, options);
  const { types, calls, names } = compiler;
  const { variables } = options;
  return { program, cost: estimateCost(node, { types, calls, names, variables, root: variables[root] }) };
}

function check(expression: string, options: CompileOptions): { program: Program; node: Node; compiler: Compiler } {
  const node = parse(expression);
  const names = Object.keys(options.variables);
  const variables = new Map<string, Variable>(names.map((name, slot) => [name, { slot, type: options.variables[name]! }]));
  const compiler = new Compiler(functionsOf(options.libraries ?? []), variables, !options.heterogeneous);
  const { type, run } = compiler.compile(node);
  if (compiler.issues.length > 0)
    throw new CompileError(
      expression,
      [...compiler.issues].sort((a, b) => a.at - b.at),
    );
  return { node, compiler, program: programOf(expression, type, run, variables, compiler) };
}

function programOf(
  expression: string,
  type: CelType,
  run: Run,
  variables: ReadonlyMap<string, Variable>,
  { slots: slotCount, spokenOf }: Compiler,
): Program {
  return {
    expression,
    type,
    variables: spokenOf,
    evaluate(bindings, { cost_max = CALL_COST_MAX, budget } = {}) {
      const slots = new Array<Value | undefined>(slotCount);
      for (const [name, variable] of variables)
        if (bindings[name] !== undefined) slots[variable.slot] = fromJson(bindings[name], variable.type);
      const evaluation = new Evaluation(slots, budget ? Math.min(cost_max, budget.left) : cost_max);
      try {
        return run(evaluation);
      } catch (error) {
        // Recursion is bounded by the expression's depth; nested data can still be deep.
        if (error instanceof RangeError) throw new CostError();
        throw error;
      } finally {
        if (budget) budget.left -= evaluation.spent;
      }
    },
  };
}

let standard: ReadonlyMap<string, readonly Overload[]> | undefined;

function functionsOf(libraries: readonly Library[]): ReadonlyMap<string, readonly Overload[]> {
  standard ??= byName(KUBERNETES);
  return libraries.length === 0 ? standard : byName([...KUBERNETES, ...libraries]);
}

function byName(libraries: readonly Library[]): ReadonlyMap<string, readonly Overload[]> {
  const functions = new Map<string, Overload[]>();
  for (const overload of libraries.flat()) {
    const known = functions.get(overload.name);
    if (known) known.push(overload);
    else functions.set(overload.name, [overload]);
  }
  return functions;
}
