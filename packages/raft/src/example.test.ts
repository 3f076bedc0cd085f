import assert from "node:assert/strict";
import { test } from "node:test";
import { applied } from "../examples/three-nodes.ts";

test("the example of the README runs: every node applies the proposal", () => {
  assert.deepEqual(
    applied.toSorted(),
    [1, 2, 3].map((id) => `node ${id} applies hello`),
  );
});
