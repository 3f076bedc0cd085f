import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("the example of the README runs: every node applies the proposal", () => {
  const example = join(dirname(fileURLToPath(import.meta.url)), "../examples/three-nodes.ts");
  const lines = execFileSync(process.execPath, [example], { encoding: "utf8" }).trim().split("\n");
  assert.deepEqual(lines.toSorted(), [1, 2, 3].map((id) => `node ${id} applies hello`));
});
