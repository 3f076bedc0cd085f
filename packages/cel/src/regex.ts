/**
 * Regular expressions in RE2's syntax and linear time. The engine answers yes or no; where a match lies is found by
 * running its compiled program as a Pike VM (Russ Cox, "Regular Expression Matching: the Virtual Machine Approach").
 */
import { RE2JS } from "@bufbuild/re2";
import { EvaluationError } from "./errors.ts";
import type { Evaluation } from "./evaluation.ts";

const CACHE_MAX = 256;
const PATTERN_CHARS_MAX = 10_000;
const cache = new Map<string, RE2JS>();

/** @throws EvaluationError in the words of Go's regexp. */
export function compileRegex(pattern: string): RE2JS {
  let compiled = cache.get(pattern);
  if (compiled) return compiled;
  if (pattern.length > PATTERN_CHARS_MAX) throw new EvaluationError("error parsing regexp: expression too large");
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    throw new EvaluationError((error as Error).message);
  }
  if (cache.size >= CACHE_MAX) cache.delete(cache.keys().next().value!);
  cache.set(pattern, compiled);
  return compiled;
}

export function matches(text: string, pattern: string, evaluation: Evaluation): boolean {
  chargeRegex(text, pattern, evaluation);
  return compileRegex(pattern).test(text);
}

/** Upstream's estimate: a tenth of the text times a quarter of the pattern. */
function chargeRegex(text: string, pattern: string, evaluation: Evaluation): void {
  evaluation.charge(Math.ceil((text.length + 1) / 10) * Math.ceil(pattern.length / 4));
}

/** The matches from left to right, without overlap, at most `max`. */
export function findAll(text: string, pattern: string, max: number, evaluation: Evaluation): string[] {
  const { prog } = compileRegex(pattern).re2();
  const runes = Array.from(text, (char) => char.codePointAt(0)!);
  const found: string[] = [];
  let from = 0;
  let lastEnd = -1;
  while (found.length < max && from <= runes.length) {
    const match = findFrom(prog as Program, runes, from, evaluation);
    if (!match) break;
    const { start, end } = match;
    // As Go: an empty match right after another match does not count.
    if (!(start === end && start === lastEnd)) found.push(String.fromCodePoint(...runes.slice(start, end)));
    lastEnd = end;
    from = end > start ? end : end + 1;
  }
  return found;
}

interface Instruction {
  op: number;
  out: number;
  arg: number;
  matchRune(rune: number): boolean;
}
interface Program {
  start: number;
  getInst(pc: number): Instruction;
  numInst(): number;
}

/** Instruction codes of RE2 programs, in the order of Go's regexp/syntax. */
const [ALT, ALT_MATCH, CAPTURE, EMPTY_WIDTH, FAIL, MATCH, NOP, RUNE, RUNE1, RUNE_ANY, RUNE_ANY_NOT_NL] = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
];
const NEWLINE = 10;

interface Thread {
  pc: number;
  start: number;
}

/** Leftmost match; of those the one that the pattern prefers. */
function findFrom(
  program: Program,
  runes: readonly number[],
  from: number,
  evaluation: Evaluation,
): { start: number; end: number } | undefined {
  let threads: Thread[] = [];
  let best: { start: number; end: number } | undefined;
  for (let at = from; at <= runes.length; at++) {
    const seen = new Uint8Array(program.numInst());
    const current: Thread[] = [];
    for (const thread of threads) follow(program, thread.pc, thread.start, at, runes, seen, current);
    if (!best) follow(program, program.start, at, at, runes, seen, current);
    if (current.length === 0) {
      if (best) return best;
      threads = [];
      continue;
    }
    evaluation.charge(1 + Math.ceil(current.length / 4));
    threads = [];
    for (const { pc, start } of current) {
      const instruction = program.getInst(pc);
      if (instruction.op === MATCH) {
        best = { start, end: at };
        break; // what follows is of lower priority
      }
      if (at < runes.length && takes(instruction, runes[at]!)) threads.push({ pc: instruction.out, start });
    }
    if (best && threads.length === 0) return best;
  }
  return best;
}

function takes(instruction: Instruction, rune: number): boolean {
  if (instruction.op === RUNE_ANY) return true;
  if (instruction.op === RUNE_ANY_NOT_NL) return rune !== NEWLINE;
  return (instruction.op === RUNE || instruction.op === RUNE1) && instruction.matchRune(rune);
}

/** Adds the threads that are reached from `pc` without reading, in order of priority. */
function follow(
  program: Program,
  first: number,
  start: number,
  at: number,
  runes: readonly number[],
  seen: Uint8Array,
  out: Thread[],
): void {
  const stack = [first];
  while (stack.length > 0) {
    const pc = stack.pop()!;
    if (seen[pc]) continue;
    seen[pc] = 1;
    const instruction = program.getInst(pc);
    switch (instruction.op) {
      case ALT:
      case ALT_MATCH:
        stack.push(instruction.arg, instruction.out);
        break;
      case CAPTURE:
      case NOP:
        stack.push(instruction.out);
        break;
      case EMPTY_WIDTH:
        if ((instruction.arg & ~conditions(runes, at)) === 0) stack.push(instruction.out);
        break;
      case FAIL:
        break;
      default:
        out.push({ pc, start });
    }
  }
}

/** Bits of Go's syntax.EmptyOp that hold here: begin and end of line and text, word boundary or none. */
function conditions(runes: readonly number[], at: number): number {
  const [before, after] = [runes[at - 1], runes[at]];
  let bits = 0;
  if (before === undefined || before === NEWLINE) bits |= 1;
  if (after === undefined || after === NEWLINE) bits |= 2;
  if (before === undefined) bits |= 4;
  if (after === undefined) bits |= 8;
  return bits | (isWord(before) !== isWord(after) ? 16 : 32);
}

const isWord = (rune: number | undefined): boolean => rune !== undefined && rune < 128 && /\w/.test(String.fromCharCode(rune));
