import assert from "node:assert/strict";
import { test } from "node:test";
import { sources } from "./sources.ts";

const LIMIT_LINES = 350;

test(`no source is longer than ${LIMIT_LINES} lines`, () => {
  const long = sources()
    .map((s) => ({ path: s.path, lines: s.text.split("\n").length }))
    .filter((s) => s.lines > LIMIT_LINES)
    .map((s) => `${s.path}: ${s.lines} lines; is there more than one idea in it?`);
  assert.deepEqual(long, []);
});
