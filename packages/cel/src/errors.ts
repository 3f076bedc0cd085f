/** What goes wrong with an expression: before it runs, while it runs, or because it runs too long. */

export interface Issue {
  /** Offset in the expression, in UTF-16 units. */
  at: number;
  message: string;
}

/** The expression does not parse or does not type-check. `message` is laid out as by cel-go's error printer. */
export class CompileError extends Error {
  override name = "CompileError";
  readonly issues: readonly Issue[];

  constructor(expression: string, issues: readonly Issue[]) {
    super(issues.map((issue) => report(expression, issue)).join("\n"));
    this.issues = issues;
  }
}

/** Evaluation failed: a missing key, a division by zero, no matching overload. `||` and `&&` may absorb it. */
export class EvaluationError extends Error {
  override name = "EvaluationError";
}

/** The budget is used up. Nothing absorbs this. */
export class CostError extends Error {
  override name = "CostError";

  constructor() {
    super("operation cancelled: actual cost limit exceeded");
  }
}

function report(expression: string, { at, message }: Issue): string {
  const before = expression.slice(0, at).split("\n");
  const line = before.length;
  const column = [...before.at(-1)!].length;
  const text = expression.split("\n")[line - 1] ?? "";
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${text.replaceAll("\t", " ")}\n | ${".".repeat(column)}^`;
}
