/** JSON bodies: parsing with Go's wording, and a search for duplicate members that costs little when there are none. */
import { DecodeError } from "../schema/conform.ts";

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

export function bodyText(body: Uint8Array): string {
  return DECODER.decode(body);
}

export function parseJson(text: string): unknown {
  checkDepth(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DecodeError(syntaxMessage(text, error as SyntaxError));
  }
}

/** What walks an object later does so by recursion. Go's encoding/json stops at 10,000; no object comes near either. */
const DEPTH_MAX = 1_000;

/** @throws DecodeError in Go's words. */
export function checkDepth(text: string): void {
  // A level takes two characters, and most bodies are short.
  if (text.length <= 2 * DEPTH_MAX) return;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) at = stringEnd(text, at);
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > DEPTH_MAX) throw new DecodeError("exceeded max depth");
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
}

/** `invalid character 'x' looking for beginning of value`, or `unexpected end of JSON input`. */
function syntaxMessage(text: string, error: SyntaxError): string {
  // V8 names the place only in texts long enough to be shown in part; of a short one it quotes the character.
  const at = /position (\d+)/.exec(error.message)?.[1] ?? text.indexOf(/^Unexpected token '(.+?)', /su.exec(error.message)?.[1] ?? "\0");
  if (/end of JSON input|Unterminated/.test(error.message) || Number(at) < 0 || Number(at) >= text.length)
    return "unexpected end of JSON input";
  const char = text[Number(at)]!;
  const shown = char === "'" ? `'\\''` : char === '"' ? `'"'` : `'${char}'`;
  return `invalid character ${shown} looking for beginning of value`;
}

/** Members in the text: colons outside of strings. */
export function countMembers(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) at = stringEnd(text, at);
    else if (code === 0x3a) count++;
  }
  return count;
}

/** Index of the closing quote. */
function stringEnd(text: string, open: number): number {
  let end = text.indexOf('"', open + 1);
  while (end !== -1) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

type Frame = { keys: Set<string> | undefined; index: number; path: string };

/** Paths of members that occur twice in valid JSON, each once, in the order of the text: `spec.replicas`. */
export function duplicateMembers(text: string): string[] {
  const found: string[] = [];
  const stack: Frame[] = [];
  let key = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    const top = stack.at(-1);
    if (char === "{" || char === "[") {
      const parent = top === undefined ? "" : top.keys ? join(top.path, key) : `${top.path}[${top.index}]`;
      stack.push({ keys: char === "{" ? new Set() : undefined, index: 0, path: parent });
    } else if (char === "}" || char === "]") {
      stack.pop();
    } else if (char === "," && top) {
      top.index++;
    } else if (char === '"') {
      const end = stringEnd(text, at);
      if (top?.keys && isKey(text, end)) {
        key = JSON.parse(text.slice(at, end + 1)) as string;
        const path = join(top.path, key);
        if (top.keys.has(key) && !found.includes(path)) found.push(path);
        top.keys.add(key);
      }
      at = end;
    }
  }
  return found;
}

const join = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

function isKey(text: string, end: number): boolean {
  for (let at = end + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x3a) return true;
    if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return false;
  }
  return false;
}
