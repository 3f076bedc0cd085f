/** Patterns in RE2's syntax, in linear time: a pattern is its author's, the text may be an attacker's. */
import { RE2JS } from "@bufbuild/re2";

const CACHE_MAX = 1_000;
const cache = new Map<string, RE2JS>();

/** @throws Error in the words of Go's regexp. */
export function compilePattern(pattern: string): RE2JS {
  let compiled = cache.get(pattern);
  if (!compiled) {
    compiled = RE2JS.compile(pattern);
    if (cache.size >= CACHE_MAX) cache.delete(cache.keys().next().value!);
    cache.set(pattern, compiled);
  }
  return compiled;
}

/** Anywhere in the text, as JSON Schema has it. */
export function matchesPattern(pattern: string, text: string): boolean {
  try {
    return compilePattern(pattern).test(text);
  } catch {
    return false;
  }
}
