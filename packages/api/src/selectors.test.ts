import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatLabelSelector, matchesLabelSelector, parseLabelSelector } from "./selectors.ts";

test("selectors match labels", () => {
  const labels = { app: "web", tier: "front", weight: "5", empty: "" };
  const table: [string, boolean][] = [
    ["", true],
    ["app", true],
    ["!app", false],
    ["nope", false],
    ["!nope", true],
    ["app=web", true],
    ["app==web", true],
    ["app!=web", false],
    ["nope!=web", true],
    ["app in (web, db)", true],
    ["app notin (web)", false],
    ["nope notin (web)", true],
    ["weight>4", true],
    ["weight<5", false],
    ["empty=", true],
    ["app=web,tier=front", true],
    ["app=web,tier=back", false],
    ["  app = web ", true],
    ["app in (a,web),!x,tier", true],
    ["in=x", false],
    ["empty in (,a)", true],
  ]; // prettier-ignore
  for (const [text, want] of table) assert.equal(parseLabelSelector(text).matches(labels), want, text);
});

test("errors are upstream's", () => {
  const table: [string, string][] = [
    ["app=a b", "found 'b', expected: ',' or 'end of string'"],
    ["app,", "found '', expected: identifier after ','"],
    ["=x", "found '=', expected: !, identifier, or 'end of string'"],
    ["app foo", "unable to parse requirement: found 'foo', expected: in, notin, =, ==, !=, gt, lt"],
    ["app in a", "unable to parse requirement: found 'a' expected: '('"],
    ["app=(", "unable to parse requirement: found '(', expected: identifier"],
  ]; // prettier-ignore
  for (const [text, message] of table) assert.throws(() => parseLabelSelector(text), { message }, text);
});

test("LabelSelector objects", () => {
  assert.equal(matchesLabelSelector(undefined, {}), false);
  assert.equal(matchesLabelSelector({}, { a: "b" }), true);
  const selector = { matchLabels: { app: "web" }, matchExpressions: [{ key: "tier", operator: "In", values: ["a", "b"] }] };
  assert.equal(matchesLabelSelector(selector, { app: "web", tier: "b" }), true);
  assert.equal(matchesLabelSelector(selector, { app: "web" }), false);
  assert.equal(formatLabelSelector(selector), "app=web,tier in (a,b)");
});

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);

test("a selector printed and parsed again matches the same labels", () => {
  const requirement = fc.oneof(
    name,
    name.map((key) => `!${key}`),
    fc.tuple(name, fc.constantFrom("=", "!="), name).map((parts) => parts.join("")),
    fc
      .tuple(name, fc.constantFrom("in", "notin"), fc.array(name, { minLength: 1, maxLength: 3 }))
      .map(([k, op, v]) => `${k} ${op} (${v.join(",")})`),
  );
  fc.assert(
    fc.property(fc.array(requirement, { maxLength: 4 }), fc.dictionary(name, name), (parts, labels) => {
      const parsed = parseLabelSelector(parts.join(","));
      assert.equal(parseLabelSelector(parsed.toString()).matches(labels), parsed.matches(labels));
    }),
  );
});

test("no text makes the parser throw anything but BadRequest", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."ab=!(),<> in") }), (text) => {
      try {
        parseLabelSelector(text);
      } catch (error) {
        assert.equal((error as { reason?: string }).reason, "BadRequest");
      }
    }),
  );
});
