import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  addQuantity,
  canonicalQuantity,
  compareQuantity,
  formatQuantity,
  parseQuantity,
  quantityMilliValue,
  quantityValue,
} from "./quantity.ts";

test("canonical form", () => {
  const table: [string, string][] = [
    ["0", "0"],
    ["0.0", "0"],
    ["1", "1"],
    ["1000m", "1"],
    ["0.5", "500m"],
    ["1.5", "1500m"],
    ["100m", "100m"],
    ["1000", "1k"],
    ["1024", "1024"],
    ["1Ki", "1Ki"],
    ["1024Ki", "1Mi"],
    ["1.5Gi", "1536Mi"],
    ["0.5Ki", "512"],
    ["1e3", "1e3"],
    ["1E3", "1e3"],
    ["1E", "1E"],
    ["+5", "5"],
    ["-5m", "-5m"],
    [".5", "500m"],
    ["5.", "5"],
    ["100000n", "100u"],
    ["0.1n", "1n"],
    ["12345", "12345"],
    ["1000000", "1M"],
    ["128Mi", "128Mi"],
    ["1000Mi", "1000Mi"],
    ["1e-3", "1e-3"],
    ["100Ei", "9223372036854775807"],
    ["500", "500"],
  ]; // prettier-ignore
  for (const [text, want] of table) assert.equal(canonicalQuantity(text), want, text);
});

test("bad quantities name the rule they break", () => {
  const table: [string, RegExp][] = [
    ["", /regular expression/],
    ["abc", /regular expression/],
    ["1 Gi", /regular expression/],
    [".", /numeric/],
    ["1Gib", /regular expression/],
    ["1KKi", /suffix/],
    ["1ki", /suffix/],
    ["1.2.3", /regular expression/],
  ]; // prettier-ignore
  for (const [text, want] of table) assert.throws(() => parseQuantity(text), want, text);
});

test("values round up", () => {
  assert.equal(quantityValue("100m"), 1);
  assert.equal(quantityValue("1Gi"), 2 ** 30);
  assert.equal(quantityMilliValue("1.5"), 1500);
  assert.equal(quantityMilliValue("100u"), 1);
  assert.equal(quantityValue(undefined), 0);
});

const quantityText = fc
  .tuple(fc.integer({ min: 0, max: 1_000_000 }), fc.constantFrom("", "m", "k", "M", "G", "Ki", "Mi", "Gi", "u", "e3"))
  .map(([n, suffix]) => `${n}${suffix}`);

test("canonical form keeps the value and is stable", () => {
  fc.assert(
    fc.property(quantityText, (text) => {
      const canonical = canonicalQuantity(text);
      assert.equal(compareQuantity(parseQuantity(canonical), parseQuantity(text)), 0);
      assert.equal(canonicalQuantity(canonical), canonical);
    }),
  );
});

test("addition commutes in value", () => {
  fc.assert(
    fc.property(quantityText, quantityText, (a, b) => {
      const [x, y] = [parseQuantity(a), parseQuantity(b)];
      assert.equal(compareQuantity(addQuantity(x, y), addQuantity(y, x)), 0);
      assert.equal(parseQuantity(formatQuantity(addQuantity(x, y))).nanos, x.nanos + y.nanos);
    }),
  );
});
