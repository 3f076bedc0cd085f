/** Tokens to a tree, by precedence; recognises macros on the way. */
import type { Node } from "./ast.ts";
import { CompileError } from "./errors.ts";
import { isReserved, type Token, tokenize } from "./lexer.ts";
import { memberMacro } from "./macros.ts";

/** Deeper nesting than this is refused, as cel-go does: checking and planning are recursive. */
const DEPTH_MAX = 250;
/** Unicode code points; upstream's bound. */
const LENGTH_MAX = 100_000;
/** A chain such as a+b+c… is a deep tree too. */
const CHAIN_MAX = 1_000;

const RELATIONS = new Set(["==", "!=", "<", "<=", ">", ">=", "in"]);

/** @throws CompileError with the first thing that does not fit. */
export function parse(text: string): Node {
  if (text.length > LENGTH_MAX) {
    throw new CompileError("", [{ at: 0, message: `expression code point size exceeds limit: size: ${text.length}, limit ${LENGTH_MAX}` }]);
  }
  return new Parser(text).whole();
}

class Parser {
  readonly #text: string;
  readonly #tokens: Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  whole(): Node {
    const node = this.#expression();
    if (this.#peek.kind !== "end") this.#unexpected("<EOF>");
    return node;
  }

  get #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  /** The next token, taken; the end stays where it is. */
  #take(): Token {
    const token = this.#peek;
    if (token.kind !== "end") this.#next++;
    return token;
  }

  #is(text: string): boolean {
    const token = this.#peek;
    return token.kind === "op" && token.text === text;
  }

  #accept(text: string): Token | undefined {
    return this.#is(text) ? this.#take() : undefined;
  }

  #expect(text: string): Token {
    return this.#accept(text) ?? this.#unexpected(`'${text}'`);
  }

  #fail(at: number, message: string): never {
    throw new CompileError(this.#text, [{ at, message }]);
  }

  #unexpected(wanted?: string): never {
    const token = this.#peek;
    const shown = token.kind === "end" ? "<EOF>" : token.text;
    const expecting =
      wanted ?? "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
    this.#fail(token.at, `Syntax error: mismatched input '${shown}' expecting ${expecting}`);
  }

  #nested<T>(parse: () => T): T {
    if (++this.#depth > DEPTH_MAX) this.#fail(this.#peek.at, `expression recursion limit exceeded: ${DEPTH_MAX}`);
    try {
      return parse();
    } finally {
      this.#depth--;
    }
  }

  #expression(): Node {
    return this.#nested(() => {
      const test = this.#logical("or");
      const at = this.#accept("?");
      if (!at) return test;
      const then = this.#logical("or");
      this.#expect(":");
      return { kind: "conditional", at: at.at, test, then, otherwise: this.#expression() };
    });
  }

  #logical(kind: "or" | "and"): Node {
    const below = (): Node => (kind === "or" ? this.#logical("and") : this.#binary(RELATIONS, () => this.#sum()));
    const first = below();
    const operator = kind === "or" ? "||" : "&&";
    if (!this.#is(operator)) return first;
    const terms = [first];
    const { at } = this.#peek;
    while (this.#accept(operator)) terms.push(below());
    return { kind, at, terms };
  }

  #sum(): Node {
    return this.#binary(SUMS, () => this.#binary(PRODUCTS, () => this.#unary()));
  }

  #binary(operators: ReadonlySet<string>, below: () => Node): Node {
    let left = below();
    for (let chain = 0; this.#peek.kind === "op" && operators.has(this.#peek.text); chain++) {
      const { text, at } = this.#take();
      if (chain >= CHAIN_MAX) this.#fail(at, `expression recursion limit exceeded: ${CHAIN_MAX}`);
      left = { kind: "call", at, name: text === "in" ? "@in" : `_${text}_`, target: undefined, args: [left, below()] };
    }
    return left;
  }

  #unary(): Node {
    const token = this.#peek;
    for (const operator of ["!", "-"] as const) {
      let count = 0;
      while (this.#accept(operator)) count++;
      if (count === 0) continue;
      return this.#nested(() => {
        const { kind, value } = this.#peek;
        if (operator === "-" && count === 1 && kind === "const" && (typeof value === "bigint" || typeof value === "number")) {
          this.#next++;
          return this.#suffixes({ kind: "const", at: token.at, value: -value });
        }
        const operand = this.#member();
        // Two of a kind cancel each other out: --x is x.
        return count % 2 === 0 ? operand : { kind: "call", at: token.at, name: `${operator}_`, target: undefined, args: [operand] };
      });
    }
    return this.#member();
  }

  #member(): Node {
    return this.#suffixes(this.#primary());
  }

  #suffixes(first: Node): Node {
    let node = first;
    for (let chain = 0; ; chain++) {
      const token = this.#peek;
      if (chain > CHAIN_MAX) this.#fail(token.at, `expression recursion limit exceeded: ${CHAIN_MAX}`);
      if (this.#accept(".") || this.#accept(".?")) node = this.#selection(node, token);
      else if (this.#accept("[") || this.#accept("[?")) {
        const index = this.#expression();
        this.#expect("]");
        node = { kind: "index", at: token.at, operand: node, index, optional: token.text === "[?" };
      } else return node;
    }
  }

  #selection(operand: Node, dot: Token): Node {
    const name = this.#take();
    const optional = dot.text === ".?";
    if (name.kind !== "ident" && name.kind !== "quoted") {
      this.#fail(name.at, `Syntax error: no viable alternative at input '${dot.text}${name.text}'`);
    }
    if (optional || name.kind === "quoted" || !this.#is("(")) return { kind: "select", at: dot.at, operand, field: name.text, optional };
    const open = this.#peek;
    const args = this.#arguments();
    const macro = memberMacro(operand, name.text, args, open.at);
    if (typeof macro === "string") this.#fail(args[0]!.at, macro);
    return macro ?? { kind: "call", at: open.at, name: name.text, target: operand, args };
  }

  #arguments(): Node[] {
    this.#expect("(");
    const args: Node[] = [];
    while (!this.#is(")")) {
      args.push(this.#expression());
      if (!this.#accept(",")) break;
      if (this.#is(")")) this.#unexpected();
    }
    this.#expect(")");
    return args;
  }

  #primary(): Node {
    const token = this.#peek;
    if (token.kind === "const") {
      this.#next++;
      if (token.value === 2n ** 63n) this.#fail(token.at, "Syntax error: invalid int literal");
      return { kind: "const", at: token.at, value: token.value! };
    }
    if (this.#accept("(")) {
      const inner = this.#expression();
      this.#expect(")");
      return inner;
    }
    if (this.#accept("[")) return this.#list(token.at, false);
    if (this.#accept("[?")) return this.#list(token.at, true);
    if (this.#accept("{")) return this.#map(token.at);
    const rooted = this.#accept(".") !== undefined;
    const name = this.#peek;
    if (name.kind !== "ident") this.#unexpected();
    this.#next++;
    if (isReserved(name.text)) this.#fail(name.at, `reserved identifier: ${name.text}`);
    if (this.#is("(")) return this.#globalCall(name);
    if (this.#isMessage()) return this.#message(name);
    return { kind: "ident", at: name.at, name: rooted ? `.${name.text}` : name.text };
  }

  #globalCall(name: Token): Node {
    const open = this.#peek;
    const args = this.#arguments();
    if (name.text !== "has") return { kind: "call", at: open.at, name: name.text, target: undefined, args };
    const [only] = args;
    if (args.length !== 1 || only?.kind !== "select" || only.optional) this.#fail(open.at, "invalid argument to has() macro");
    return { kind: "test", at: open.at, operand: only.operand, field: only.field };
  }

  #list(at: number, optionalFirst: boolean): Node {
    const elements: { node: Node; optional: boolean }[] = [];
    let optional = optionalFirst;
    while (!this.#is("]")) {
      if (this.#accept("?")) optional = true;
      elements.push({ node: this.#expression(), optional });
      optional = false;
      if (!this.#accept(",")) break;
    }
    this.#expect("]");
    return { kind: "list", at, elements };
  }

  #map(at: number): Node {
    const entries: { key: Node; value: Node; optional: boolean }[] = [];
    while (!this.#is("}")) {
      const optional = this.#accept("?") !== undefined;
      const key = this.#expression();
      this.#expect(":");
      entries.push({ key, value: this.#expression(), optional });
      if (!this.#accept(",")) break;
    }
    this.#expect("}");
    return { kind: "map", at, entries };
  }

  /** `Name{` or `a.b.Name{`: looks ahead only. */
  #isMessage(): boolean {
    let at = this.#next;
    while (this.#tokens[at]?.text === "." && this.#tokens[at + 1]?.kind === "ident") at += 2;
    return this.#tokens[at]?.kind === "op" && this.#tokens[at]!.text === "{";
  }

  #message(first: Token): Node {
    let name = first.text;
    while (this.#accept(".")) name += `.${this.#take().text}`;
    const open = this.#expect("{");
    while (!this.#is("}")) {
      this.#accept("?");
      this.#take();
      this.#expect(":");
      this.#expression();
      if (!this.#accept(",")) break;
    }
    this.#expect("}");
    return { kind: "message", at: open.at, name };
  }
}

const SUMS = new Set(["+", "-"]);
const PRODUCTS = new Set(["*", "/", "%"]);
