import assert from "node:assert/strict";
import { test } from "node:test";
import { Backends, parseBackend } from "./backends.ts";

const three = () => new Backends(["a:1", "b:1", "c:1"].map(parseBackend));

test("connections go round", () => {
  const backends = three();
  assert.deepEqual([backends.candidates()[0], backends.candidates()[0], backends.candidates()[0], backends.candidates()[0]], [0, 1, 2, 0]);
});

test("ready before unknown before down, none left out", () => {
  const backends = three();
  backends.report(0, "down");
  backends.report(2, "ready");
  for (let i = 0; i < 4; i++) assert.deepEqual(backends.candidates(), [2, 1, 0]);
});

test("only a change is reported as one", () => {
  const backends = three();
  assert.equal(backends.report(1, "ready"), true);
  assert.equal(backends.report(1, "ready"), false);
});

for (const bad of ["", "host", ":1", "host:", "host:0", "host:70000", "host:x"]) {
  test(`"${bad}" is no backend`, () => assert.throws(() => parseBackend(bad), /not host:port/));
}
