import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState, type ProbeKind, step } from "./machine.ts";

/** Feeds results ("+" and "-") to a probe and shows its verdict after each. */
const check = (kind: ProbeKind, spec: { failureThreshold?: number; successThreshold?: number }, results: string, expected: string) =>
  test(`${kind} ${JSON.stringify(spec)}: ${results}`, () => {
    let state = initialState(kind);
    let shown = "";
    for (const result of results) {
      state = step(state, result === "+", spec);
      shown += state.verdict === undefined ? "?" : state.verdict ? "+" : "-";
    }
    assert.equal(shown, expected);
  });

check("readiness", {}, "+---+", "+++-+");
check("readiness", { successThreshold: 2 }, "++-+++", "-+++++");
check("readiness", {}, "---", "---");
check("liveness", {}, "--+---", "+++++-");
check("liveness", { failureThreshold: 1 }, "-", "-");
check("startup", { failureThreshold: 2 }, "-+", "?+");
check("startup", { failureThreshold: 2 }, "--", "?-");
