/** Declarations of functions: a signature for the checker and the code that runs. */
import type { Evaluation } from "./evaluation.ts";
import type { CelType } from "./types.ts";
import * as types from "./types.ts";
import { Duration, ListValue, MapValue, Opaque, Optional, Timestamp, TypeValue, Uint, type Value } from "./values.ts";

export interface Overload {
  name: string;
  /** The first parameter stands before the dot. */
  member: boolean;
  parameters: CelType[];
  result: CelType;
  /** Throws EvaluationError. Charge what grows with the arguments to `evaluation`. */
  run(args: any[], evaluation: Evaluation): Value;
}

export type Library = readonly Overload[];

type Run = (args: any[], evaluation: Evaluation) => Value;

/** `fn("size", "list<A> -> int", …)`. */
export const fn = (name: string, signature: string, run: Run): Overload => ({ name, member: false, ...signatureOf(signature), run });
/** `method("contains", "string, string -> bool", …)`: the receiver is the first parameter. */
export const method = (name: string, signature: string, run: Run): Overload => ({ name, member: true, ...signatureOf(signature), run });

function signatureOf(text: string): { parameters: CelType[]; result: CelType } {
  const [left, right] = text.split("->") as [string, string];
  return { parameters: splitTop(left).map(typeOf), result: typeOf(right.trim()) };
}

/** At commas outside of <>. */
function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    if (text[at] === "<") depth++;
    else if (text[at] === ">") depth--;
    else if ((text[at] === "," && depth === 0) || at === text.length) {
      const part = text.slice(start, at).trim();
      if (part !== "") parts.push(part);
      start = at + 1;
    }
  }
  return parts;
}

const SIMPLE: Record<string, CelType> = {
  dyn: types.DYN,
  bool: types.BOOL,
  int: types.INT,
  uint: types.UINT,
  double: types.DOUBLE,
  string: types.STRING,
  bytes: types.BYTES,
  null: types.NULL,
  timestamp: types.TIMESTAMP,
  duration: types.DURATION,
  type: types.TYPE,
};

function typeOf(text: string): CelType {
  const inner = /^(list|map|optional)<(.*)>$/.exec(text);
  if (inner) {
    const [first, second] = splitTop(inner[2]!).map(typeOf);
    if (inner[1] === "list") return types.listOf(first!);
    return inner[1] === "map" ? types.mapOf(first!, second!) : types.optionalOf(first!);
  }
  if (/^[A-Z]$/.test(text)) return { kind: "param", name: text };
  return SIMPLE[text] ?? types.opaque(text);
}

/** Whether a value may be an argument of this type; what is inside containers is not looked at. */
export function accepts(type: CelType, value: Value): boolean {
  switch (type.kind) {
    case "param":
      return true;
    case "list":
      return value instanceof ListValue;
    case "map":
    case "object":
      return value instanceof MapValue;
    case "optional":
      return value instanceof Optional;
    case "opaque":
      return value instanceof Opaque && value.typeName === type.name;
    case "simple":
      return SIMPLE_CHECKS[type.name](value);
  }
}

const SIMPLE_CHECKS: Record<Extract<CelType, { kind: "simple" }>["name"], (value: Value) => boolean> = {
  dyn: () => true,
  bool: (value) => typeof value === "boolean",
  int: (value) => typeof value === "bigint",
  uint: (value) => value instanceof Uint,
  double: (value) => typeof value === "number",
  string: (value) => typeof value === "string",
  bytes: (value) => value instanceof Uint8Array,
  null_type: (value) => value === null,
  timestamp: (value) => value instanceof Timestamp,
  duration: (value) => value instanceof Duration,
  type: (value) => value instanceof TypeValue,
};
