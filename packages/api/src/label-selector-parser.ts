/** Grammar and messages of upstream's apimachinery/pkg/labels (selector.go). */
import { labelValueErrors, qualifiedNameErrors } from "./names.ts";
import type { Requirement, SelectorOperator } from "./selectors.ts";

const SYMBOLS = "=!(),><";
const BINARY_OPERATORS: readonly SelectorOperator[] = ["in", "notin", "=", "==", "!=", "gt", "lt"];
const OPERATOR_TOKENS: Record<string, SelectorOperator> = {
  in: "in",
  notin: "notin",
  "=": "=",
  "==": "==",
  "!=": "!=",
  ">": "gt",
  "<": "lt",
};

interface Token {
  type: "identifier" | "symbol" | "end" | "error";
  text: string;
}

class SyntaxProblem extends Error {}

/** The requirements sorted by key, or the text of the error. */
export function parseRequirements(text: string): Requirement[] | string {
  try {
    return new Parser(tokens(text)).parse().sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  } catch (error) {
    if (error instanceof SyntaxProblem) return error.message;
    throw error;
  }
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text[at]!;
    if (/\s/.test(char)) {
      at++;
    } else if (SYMBOLS.includes(char)) {
      const two = text.slice(at, at + 2);
      const symbol = two === "==" || two === "!=" ? two : char;
      found.push({ type: "symbol", text: symbol });
      at += symbol.length;
    } else {
      let end = at;
      while (end < text.length && !SYMBOLS.includes(text[end]!) && !/\s/.test(text[end]!)) end++;
      found.push({ type: "identifier", text: text.slice(at, end) });
      at = end;
    }
  }
  found.push({ type: "end", text: "" });
  return found;
}

class Parser {
  readonly #tokens: Token[];
  #at = 0;

  constructor(list: Token[]) {
    this.#tokens = list;
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.type === "end") return requirements;
      if (!startsRequirement(token)) throw new SyntaxProblem(`found '${token.text}', expected: !, identifier, or 'end of string'`);
      try {
        requirements.push(this.#requirement());
      } catch (error) {
        if (error instanceof SyntaxProblem) throw new SyntaxProblem(`unable to parse requirement: ${error.message}`);
        throw error;
      }
      const next = this.#take();
      if (next.type === "end") return requirements;
      if (next.text !== ",") throw new SyntaxProblem(`found '${next.text}', expected: ',' or 'end of string'`);
      const after = this.#peek();
      if (!startsRequirement(after)) throw new SyntaxProblem(`found '${after.text}', expected: identifier after ','`);
    }
  }

  #requirement(): Requirement {
    let token = this.#take();
    const negated = isSymbol(token, "!");
    if (negated) token = this.#take();
    if (token.type !== "identifier") throw new SyntaxProblem(`found '${token.text}', expected: identifier`);
    const key = token.text;
    check("key", key, qualifiedNameErrors(key));
    const next = this.#peek();
    if (negated) return { key, operator: "!", values: [] };
    if (next.type === "end" || isSymbol(next, ",")) return { key, operator: "exists", values: [] };
    return this.#comparison(key);
  }

  #comparison(key: string): Requirement {
    const token = this.#take();
    const operator = OPERATOR_TOKENS[token.text];
    if (operator === undefined) throw new SyntaxProblem(`found '${token.text}', expected: ${BINARY_OPERATORS.join(", ")}`);
    const values = operator === "in" || operator === "notin" ? this.#values() : [this.#exactValue()];
    values.forEach((value, index) => {
      check(`values[${index}][${key}]`, value, labelValueErrors(value));
    });
    if ((operator === "gt" || operator === "lt") && !/^[+-]?[0-9]+$/.test(values[0]!)) {
      throw new SyntaxProblem(
        `values[0]: Invalid value: ${JSON.stringify(values[0])}: for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    }
    return { key, operator, values: [...new Set(values)].sort() };
  }

  #values(): string[] {
    const open = this.#take();
    if (!isSymbol(open, "(")) throw new SyntaxProblem(`found '${open.text}' expected: '('`);
    const values: string[] = [];
    if (isSymbol(this.#peek(), ")")) {
      this.#take();
      throw new SyntaxProblem("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty");
    }
    for (;;) {
      const token = this.#take();
      if (token.type === "identifier") values.push(token.text);
      else if (isSymbol(token, ",") || isSymbol(token, ")")) {
        values.push(""); // "(a,)" and "(,a)" name the empty value too
        this.#at--;
      } else throw new SyntaxProblem(`found '${token.text}', expected: ',', ')' or identifier`);
      const next = this.#take();
      if (isSymbol(next, ")")) return values;
      if (!isSymbol(next, ",")) throw new SyntaxProblem(`found '${next.text}', expected: ',' or ')'`);
    }
  }

  #exactValue(): string {
    const token = this.#peek();
    if (token.type === "end" || isSymbol(token, ",")) return "";
    this.#take();
    if (token.type !== "identifier") throw new SyntaxProblem(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  #peek(): Token {
    return this.#tokens[this.#at]!;
  }

  /** The end token is never passed, so every look ahead finds one. */
  #take(): Token {
    const token = this.#tokens[this.#at]!;
    if (token.type !== "end") this.#at++;
    return token;
  }
}

const isSymbol = (token: Token, text: string): boolean => token.type === "symbol" && token.text === text;
const startsRequirement = (token: Token): boolean => token.type === "identifier" || isSymbol(token, "!");

function check(field: string, value: string, errors: readonly string[]): void {
  if (errors.length > 0) throw new SyntaxProblem(`${field}: Invalid value: ${JSON.stringify(value)}: ${errors.join("; ")}`);
}
