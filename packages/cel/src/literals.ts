/** Escapes of string and bytes literals. Errors are plain; the lexer knows where. */

const ESCAPE = /\\(?:([abfnrtv\\?"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]?))/g;
const SIMPLE: Record<string, string> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
const ENCODER = new TextEncoder();

export function textOf(body: string, raw: boolean): string {
  if (raw) return body;
  return body.replace(ESCAPE, (_, simple, hex, short, long, octal) => {
    if (simple !== undefined) return SIMPLE[simple] ?? simple;
    const digits = hex ?? short ?? long;
    if (digits === undefined && octal === undefined) throw new Error("invalid escape sequence");
    const code = digits !== undefined ? Number.parseInt(digits, 16) : Number.parseInt(octal, 8);
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw new Error("invalid unicode code point");
    return String.fromCodePoint(code);
  });
}

/** In bytes literals \x and octals are bytes, everything else is UTF-8. */
export function bytesOf(body: string, raw: boolean): Uint8Array {
  if (raw) return ENCODER.encode(body);
  const parts: number[] = [];
  let last = 0;
  for (const match of body.matchAll(ESCAPE)) {
    parts.push(...ENCODER.encode(body.slice(last, match.index)));
    last = match.index + match[0].length;
    const [, simple, hex, short, long, octal] = match;
    if (simple !== undefined) parts.push(...ENCODER.encode(SIMPLE[simple] ?? simple));
    else if (hex !== undefined) parts.push(Number.parseInt(hex, 16));
    else if (octal !== undefined) parts.push(Number.parseInt(octal, 8));
    else if (short !== undefined || long !== undefined) throw new Error("unicode escapes are not allowed in bytes literals");
    else throw new Error("invalid escape sequence");
  }
  parts.push(...ENCODER.encode(body.slice(last)));
  return Uint8Array.from(parts);
}
