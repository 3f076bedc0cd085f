import { type Budget, EvaluationError } from "@flotilla/cel";
import { type Compiled, compileWebhookCondition } from "@flotilla/kube-cel";
import { aggregate } from "../limit-ranger.ts";

export interface MatchCondition {
  name?: string;
  expression?: string;
}

export type Verdict = "match" | "no match" | { error: string };

/** For all conditions of one webhook or policy (upstream: RuntimeCELCostBudgetMatchConditions). */
const CONDITIONS_COST_MAX = 2_500_000;

/** Whether all conditions hold: of webhooks and policies alike (KEP-3716). Programs are made when first needed. */
export class MatchConditions {
  private readonly conditions: readonly MatchCondition[];
  private readonly compile: (expression: string) => Compiled;
  private programs: Compiled[] | undefined;

  constructor(conditions: readonly MatchCondition[], compile = compileWebhookCondition) {
    this.conditions = conditions;
    this.compile = compile;
  }

  get empty(): boolean {
    return this.conditions.length === 0;
  }

  /** One that is false decides, also where others fail. */
  check(bindings: () => Record<string, unknown>): Verdict {
    if (this.empty) return "match";
    this.programs ??= this.conditions.map(({ expression = "" }) => this.compile(expression));
    const values = bindings();
    const budget: Budget = { left: CONDITIONS_COST_MAX };
    const errors: string[] = [];
    for (const compiled of this.programs) {
      try {
        if ("error" in compiled) throw new EvaluationError(compiled.error);
        if (compiled.program.evaluate(values, { budget }) === false) return "no match";
      } catch (error) {
        errors.push(describe(compiled, error as Error));
      }
    }
    return errors.length > 0 ? { error: aggregate(errors) } : "match";
  }
}

const describe = ({ expression }: Compiled, error: Error): string =>
  error instanceof EvaluationError
    ? `expression '${expression}' resulted in error: ${error.message}`
    : `expression '${expression}' resulted in error: ${error.name}: ${error.message}`;
