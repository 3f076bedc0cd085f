/** Text to tokens (CEL language definition, "Syntax"). */
import { CompileError } from "./errors.ts";
import { bytesOf, textOf } from "./literals.ts";
import { Uint, type Value } from "./values.ts";

export interface Token {
  kind: "ident" | "quoted" | "const" | "op" | "end";
  /** The operator, the identifier, or the literal as it stands. */
  text: string;
  at: number;
  value?: Value;
}

/** Words that are no identifiers, though fields may be called so. */
const RESERVED = new Set("as break const continue else for function if import let loop package namespace return var void while".split(" "));
export const isReserved = (word: string): boolean => RESERVED.has(word);

const SPACE = /[\t\n\f\r ]+|\/\/[^\n]*/y;
const NUMBER = /0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+[uU]?/y;
const IDENT = /[_a-zA-Z][_a-zA-Z0-9]*/y;
const QUOTED = /`([a-zA-Z0-9_.\-/ ]+)`/y;
const STRING = /([rR]?[bB]?|[bB][rR])("""|'''|"|')/y;
const OPERATOR = /\.\?|\[\?|&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()[\]{}]/y;
const KEYWORDS: Record<string, Value> = { true: true, false: false, null: null };
const INT_MAX = 2n ** 63n;
const UINT_MAX = 2n ** 64n;

export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const fail = (message: string, where = at): never => {
    throw new CompileError(text, [{ at: where, message: `Syntax error: ${message}` }]);
  };
  while (at < text.length) {
    const start = at;
    let found = take(SPACE);
    if (found) {
      at += found[0].length;
    } else if ((found = take(STRING))) {
      const { value, end } = stringLiteral(text, start, found[1]!, found[2]!, fail);
      at = end;
      tokens.push({ kind: "const", text: text.slice(start, end), at: start, value });
    } else if ((found = take(NUMBER)) && !(found[0].startsWith(".") && tokens.at(-1)?.kind === "ident")) {
      at += found[0].length;
      tokens.push({ kind: "const", text: found[0], at: start, value: numberOf(found[0], fail, start) });
    } else if ((found = take(IDENT))) {
      at += found[0].length;
      const word = found[0];
      if (word === "in") tokens.push({ kind: "op", text: word, at: start });
      else if (Object.hasOwn(KEYWORDS, word)) tokens.push({ kind: "const", text: word, at: start, value: KEYWORDS[word]! });
      else tokens.push({ kind: "ident", text: word, at: start });
    } else if ((found = take(QUOTED))) {
      at += found[0].length;
      tokens.push({ kind: "quoted", text: found[1]!, at: start });
    } else if ((found = take(OPERATOR))) {
      at += found[0].length;
      tokens.push({ kind: "op", text: found[0], at: start });
    } else fail(`token recognition error at: '${String.fromCodePoint(text.codePointAt(at)!)}'`);
  }
  tokens.push({ kind: "end", text: "<EOF>", at: text.length });
  return tokens;
}

function numberOf(literal: string, fail: (message: string, at: number) => never, at: number): Value {
  if (/[uU]$/.test(literal)) {
    const value = BigInt(literal.slice(0, -1));
    return value < UINT_MAX ? new Uint(value) : fail("invalid uint literal", at);
  }
  if (/^0[xX]/.test(literal) || /^\d+$/.test(literal)) {
    const value = BigInt(literal);
    // 2^63 itself is let through: a minus may stand before it, the parser knows.
    return value <= INT_MAX ? value : fail("invalid int literal", at);
  }
  return Number(literal);
}

function stringLiteral(
  text: string,
  start: number,
  prefix: string,
  quote: string,
  fail: (message: string, at: number) => never,
): { value: Value; end: number } {
  const raw = /r/i.test(prefix);
  const open = start + prefix.length + quote.length;
  let at = open;
  while (!text.startsWith(quote, at)) {
    const char = text[at];
    if (char === undefined || (quote.length === 1 && (char === "\n" || char === "\r")))
      fail(`token recognition error at: '${text.slice(start, at)}'`, start);
    at += char === "\\" && !raw ? 2 : 1;
  }
  const body = text.slice(open, at);
  try {
    const value = /b/i.test(prefix) ? bytesOf(body, raw) : textOf(body, raw);
    return { value, end: at + quote.length };
  } catch (error) {
    return fail((error as Error).message, start);
  }
}
