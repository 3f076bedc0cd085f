import { type Budget, CostError, EvaluationError, LazyObject, type Value } from "@flotilla/cel";
import type { Compiled } from "@flotilla/kube-cel";
import type { CompiledPolicy, Validation } from "./compiled.ts";

/** What one policy may cost for one object and one parameter (upstream: RuntimeCELCostBudget). */
const POLICY_COST_MAX = 10_000_000;
const MESSAGE_BYTES_MAX = 5 * 1024;

/** A validation that does not hold, or could not be evaluated. */
export interface Failure {
  index: number;
  message: string;
  reason: string | undefined;
  /** The expression failed rather than said no: the failurePolicy decides. */
  errored: boolean;
}

export interface Findings {
  failures: Failure[];
  annotations: { key: string; value: string }[];
}

/** All validations of a policy for one object and one parameter. Pure. */
export function evaluatePolicy(policy: CompiledPolicy, names: Record<string, unknown>): Findings {
  try {
    return findingsOf(policy, names, { left: POLICY_COST_MAX });
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw error;
    return { failures: [{ index: -1, message: error.message, reason: undefined, errored: true }], annotations: [] };
  }
}

/** Nothing more of this policy is looked at. */
class BudgetSpent extends Error {
  override name = "BudgetSpent";
  constructor() {
    super("validation failed due to running out of cost budget, no further validation rules will be run");
  }
}

function findingsOf(policy: CompiledPolicy, names: Record<string, unknown>, budget: Budget): Findings {
  const bindings: Record<string, unknown> = { ...names };
  bindings["variables"] = new LazyObject(new Map(policy.variables.map(({ name, value }) => [name, () => run(value, bindings, budget)])));
  const failures = policy.validations
    .map((validation, index) => validate(validation, index, bindings, budget))
    .filter((failure) => failure !== undefined);
  const annotations: Findings["annotations"] = [];
  for (const { key, value } of policy.auditAnnotations) {
    try {
      const found = run(value, bindings, budget);
      if (typeof found === "string" && found.trim() !== "") annotations.push({ key, value: found });
    } catch (error) {
      if (error instanceof BudgetSpent) throw error;
      failures.push({ index: -1, message: failed(value, error), reason: undefined, errored: true });
    }
  }
  return { failures, annotations };
}

function validate(validation: Validation, index: number, bindings: Record<string, unknown>, budget: Budget): Failure | undefined {
  const { check, reason } = validation;
  try {
    if (run(check, bindings, budget) === true) return undefined;
    return { index, message: messageOf(validation, bindings, budget), reason, errored: false };
  } catch (error) {
    if (error instanceof BudgetSpent) throw error;
    return { index, message: failed(check, error), reason: undefined, errored: true };
  }
}

function run(compiled: Compiled, bindings: Record<string, unknown>, budget: Budget): Value {
  if ("error" in compiled) throw new EvaluationError(compiled.error);
  try {
    return compiled.program.evaluate(bindings, { budget });
  } catch (error) {
    throw error instanceof CostError && budget.left <= 0 ? new BudgetSpent() : error;
  }
}

const failed = ({ expression }: Compiled, error: unknown): string =>
  `expression '${expression}' resulted in error: ${(error as Error).message}`;

/** messageExpression where it yields one good line, else message, else the expression itself. */
function messageOf({ check, message, messageExpression }: Validation, bindings: Record<string, unknown>, budget: Budget): string {
  if (messageExpression) {
    try {
      const text = run(messageExpression, bindings, budget);
      if (typeof text === "string" && text.trim() !== "" && !text.includes("\n") && text.length <= MESSAGE_BYTES_MAX) return text.trim();
    } catch {
      // Upstream logs it and takes the next best.
    }
  }
  return message?.trim() || `failed expression: ${check.expression.trim()}`;
}
