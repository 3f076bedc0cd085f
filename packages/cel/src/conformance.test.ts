/** The CEL project's own conformance cases, as far as they need no protobuf messages and no library that Kubernetes lacks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { getConformanceSuite } from "@bufbuild/cel-spec/testdata/tests.js";
import { compare, equal } from "./equal.ts";
import { Evaluation } from "./evaluation.ts";
import { type CelType, CompileError, compile, EvaluationError, fromJson, ListValue, MapValue, Uint, type Value } from "./index.ts";
import * as types from "./types.ts";

const SUITES = [
  "basic",
  "bindings_ext",
  "comparisons",
  "conversions",
  "fields",
  "fp_math",
  "integer_math",
  "lists",
  "logic",
  "macros",
  "macros2",
  "optionals",
  "parse",
  "plumbing",
  "string",
  "string_ext",
  "timestamps",
];

/** What stays out: messages, enums, and what Kubernetes decides otherwise. */
const NOT_HERE = /TestAllTypes|google\.protobuf\.(?!Timestamp\b|Duration\b)|cel\.expr|x\.y|NestedEnum/;

interface ProtoValue {
  kind: { case?: string; value?: unknown };
}
interface Case {
  name: string;
  original: {
    expr: string;
    disableMacros: boolean;
    disableCheck: boolean;
    container: string;
    typeEnv: unknown[];
    bindings: Record<string, { kind: { case?: string; value?: ProtoValue } }>;
    resultMatcher: { case?: string; value?: unknown };
  };
}
interface Suite {
  name: string;
  suites: Suite[];
  tests: Case[];
}

function* casesOf(suite: Suite): Generator<Case> {
  yield* suite.tests;
  for (const inner of suite.suites) yield* casesOf(inner);
}

/** A case's value as ours; undefined for messages. */
function toValue({ kind }: ProtoValue): Value | undefined {
  switch (kind.case) {
    case "int64Value":
    case "doubleValue":
    case "stringValue":
    case "boolValue":
    case "bytesValue":
      return kind.value as Value;
    case "uint64Value":
      return new Uint(kind.value as bigint);
    case "nullValue":
      return null;
    case "listValue":
      return fromJson((kind.value as { values: ProtoValue[] }).values.map(toValue));
    case "mapValue":
      return mapped((kind.value as { entries: { key: ProtoValue; value: ProtoValue }[] }).entries);
    case "typeValue":
      return compile(String(kind.value), { variables: {} }).evaluate({});
    default:
      return undefined;
  }
}

function mapped(entries: { key: ProtoValue; value: ProtoValue }[]): Value {
  const names = entries.map((_, index) => [`k${index}`, `v${index}`] as const);
  const variables = Object.fromEntries(names.flat().map((name) => [name, types.DYN]));
  const bindings = Object.fromEntries(
    entries.flatMap(({ key, value }, index) => [
      [`k${index}`, toValue(key)],
      [`v${index}`, toValue(value)],
    ]),
  );
  return compile(`{${names.map(([key, value]) => `${key}: ${value}`).join(", ")}}`, { variables, heterogeneous: true }).evaluate(bindings);
}

function same(actual: Value, wanted: Value): boolean {
  if (typeof actual === "number" && typeof wanted === "number") return Object.is(actual, wanted) || actual === wanted;
  if (typeof actual !== typeof wanted) return false;
  if (actual instanceof ListValue && wanted instanceof ListValue)
    return actual.size === wanted.size && [...actual].every((item, index) => same(item, wanted.at(index)));
  if (actual instanceof MapValue && wanted instanceof MapValue) return equal(actual, wanted, new Evaluation([], 1e6));
  if (actual instanceof Uint8Array && wanted instanceof Uint8Array) return compare(actual, wanted) === 0;
  return equal(actual, wanted, new Evaluation([], 1e6));
}

for (const suite of (getConformanceSuite() as unknown as Suite).suites) {
  if (!SUITES.includes(suite.name)) continue;
  test(`CEL conformance: ${suite.name}`, () => {
    const failures: string[] = [];
    let run = 0;
    for (const { name, original } of casesOf(suite)) {
      const { expr, bindings, resultMatcher } = original;
      if (NOT_HERE.test(expr) || original.container !== "" || original.disableMacros || original.disableCheck) continue;
      const values = Object.entries(bindings).map(([variable, { kind }]) => [variable, kind.value && toValue(kind.value)] as const);
      if (values.some(([variable, value]) => value === undefined || variable.includes("."))) continue;
      run++;
      const variables: Record<string, CelType> = Object.fromEntries(values.map(([variable]) => [variable, types.DYN]));
      let outcome: string;
      try {
        const actual = compile(expr, { variables, heterogeneous: true }).evaluate(Object.fromEntries(values));
        const wanted =
          resultMatcher.case === "value" ? toValue(resultMatcher.value as ProtoValue) : resultMatcher.case === undefined ? true : undefined;
        outcome = wanted !== undefined && same(actual, wanted) ? "" : `got ${String(actual)}`;
        if (wanted === undefined && resultMatcher.case === "value") outcome = "";
      } catch (error) {
        if (!(error instanceof CompileError || error instanceof EvaluationError)) throw error;
        outcome = resultMatcher.case === "evalError" || resultMatcher.case === "anyEvalErrors" ? "" : `failed: ${error.message}`;
      }
      if (outcome !== "") failures.push(`${name}: ${expr} → ${outcome}`);
    }
    assert.deepEqual(failures, [], `${failures.length} of ${run} fail`);
  });
}
