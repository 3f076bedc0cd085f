import { EvaluationError, type Program } from "@flotilla/cel";
import { aggregate } from "../limit-ranger.ts";
import { compileAdmission, POLICY_NAMES } from "./environment.ts";

export interface MatchCondition {
  name?: string;
  expression?: string;
}

export type Verdict = "match" | "no match" | { error: string };

/** Whether all conditions hold: of webhooks and policies alike (KEP-3716). Programs are made when first needed. */
export class MatchConditions {
  private readonly conditions: readonly MatchCondition[];
  private readonly forPolicy: boolean;
  private programs: (Program | Error)[] | undefined;

  constructor(conditions: readonly MatchCondition[], forPolicy = false) {
    this.conditions = conditions;
    this.forPolicy = forPolicy;
  }

  get empty(): boolean {
    return this.conditions.length === 0;
  }

  /** One that is false decides, also where others fail. */
  check(bindings: () => Record<string, unknown>): Verdict {
    if (this.empty) return "match";
    this.programs ??= this.conditions.map(({ expression = "" }) => this.compile(expression));
    const values = bindings();
    const errors: string[] = [];
    for (const [i, program] of this.programs.entries()) {
      try {
        if (program instanceof Error) throw program;
        if (program.evaluate(values) === false) return "no match";
      } catch (error) {
        errors.push(describe(this.conditions[i]!, error as Error));
      }
    }
    return errors.length > 0 ? { error: aggregate(errors) } : "match";
  }

  private compile(expression: string): Program | Error {
    try {
      return compileAdmission(
        expression,
        this.forPolicy ? { namespaceObject: POLICY_NAMES["namespaceObject"]!, params: POLICY_NAMES["params"]! } : {},
      );
    } catch (error) {
      return error as Error;
    }
  }
}

const describe = ({ expression }: MatchCondition, error: Error): string =>
  error instanceof EvaluationError
    ? `expression '${expression}' resulted in error: ${error.message}`
    : `expression '${expression}' resulted in error: ${error.name}: ${error.message}`;
