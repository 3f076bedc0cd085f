import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { applied } from "../examples/three-nodes.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

test("the example of the README runs: every node applies the proposal", () => {
  assert.deepEqual(
    applied.toSorted(),
    [1, 2, 3].map((id) => `node ${id} applies hello`),
  );
});

test("the README shows the example as it is", () => {
  const shown = /```ts\n([\s\S]*?)```/.exec(read("../README.md"))![1]!.trim();
  // Without its imports, and the comments and the word that are there for the test.
  const code = (text: string) =>
    text
      .split("\n")
      .filter((line) => !/^(import|\/\*\*)/.test(line))
      .map((line) => line.replace(/^export /, ""))
      .join("\n")
      .trim();
  assert.equal(code(shown), code(read("../examples/three-nodes.ts")));
  assert.ok(shown.split("\n").length <= 24, "about twenty lines");
});
