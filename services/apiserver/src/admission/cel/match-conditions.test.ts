import assert from "node:assert/strict";
import { test } from "node:test";
import { MatchConditions } from "./match-conditions.ts";

const object = { metadata: { name: "x" }, list: Array.from({ length: 500 }, (_, index) => index) };
const check = (...expressions: string[]) =>
  new MatchConditions(expressions.map((expression, index) => ({ name: `c${index}`, expression }))).check(() => ({
    object,
    oldObject: null,
  }));
/** 500 × 400 turns and more: below what one expression may cost. */
const DEAR = "object.list.all(a, object.list.all(b, b < 400 || a >= 0))";

test("all must hold; one that does not decides, whatever others say", () => {
  for (const [expressions, wanted] of [
    [[], "match"],
    [["object.metadata.name == 'x'", "oldObject == null"], "match"],
    [["object.metadata.name == 'x'", "oldObject != null"], "no match"],
    [["object.nope == 1", "false"], "no match"],
    [["object.nope == 1"], { error: "expression 'object.nope == 1' resulted in error: no such key: nope" }],
    [["object.nope"], { error: "expression 'object.nope' resulted in error: must evaluate to bool" }],
  ] as const)
    assert.deepEqual(check(...expressions), wanted, expressions.join());
});

test("conditions share what they may cost", () => {
  assert.match((check(DEAR) as { error: string }).error, /actual cost limit exceeded$/, "one alone may cost a million");
  const fair = "object.list.all(a, object.list.exists(b, b == 60))";
  assert.equal(check(fair), "match");
  const verdict = check(...Array.from({ length: 20 }, () => fair));
  assert.match((verdict as { error: string }).error, /actual cost limit exceeded/);
});
