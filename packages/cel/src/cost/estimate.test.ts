import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { atMost, CompileError, compileWithCost, DYN, INT, listOf, mapOf, objectType, STRING } from "../index.ts";
import { MAX } from "./size.ts";

/** Ten pods of three ports each; names of at most 100 bytes; a list of 1000 numbers. */
const POD = objectType("Pod", { name: atMost(STRING, 100), ports: atMost(listOf(INT), 3) });
const SELF = objectType("Self", {
  replicas: INT,
  name: atMost(STRING, 100),
  other: atMost(STRING, 40),
  numbers: atMost(listOf(INT), 1000),
  words: atMost(listOf(atMost(STRING, 20)), 50),
  pods: atMost(listOf(POD), 10),
  labels: atMost(mapOf(STRING, atMost(STRING, 63)), 16),
  any: atMost(DYN, 200),
  free: DYN,
});
const cost = (expression: string): number => compileWithCost(expression, { variables: { self: SELF } }, "self").cost;

/** A size nobody knows makes the cost one that no budget holds. */
const NEVER = MAX / 10;

const COSTS: readonly (readonly [expression: string, cost: number, why: string])[] = [
  ["true", 0, "literals are free"],
  ["self.replicas", 2, "a name, a field"],
  ["self.replicas + 1 > 2", 4, "and an operator each"],
  ["has(self.name) && has(self.other)", 2, "has() pays for what stands before the last dot"],
  ["self.replicas > 1 ? self.name : self.other", 5, "the dearer branch"],
  ["self.name == self.other", 8, "as far as the shorter one goes: 40 characters, a tenth each"],
  ["self.name == 'x'", 3, "one character is still a unit"],
  ["self.name.contains('needle')", 12, "10 × 1"],
  ["self.name.matches('^[a-z]+$')", 24, "11 for the text × 2 for the pattern"],
  ["self.name + self.other == ''", 18, "the sum is 140 long; comparing it with nothing costs nothing"],
  ["self.name.replace('a', 'bcd').contains('x')", 52, "2 + 20 to replace, then 300 characters are 30"],
  ["[1, 2, 3].size()", 11, "a new list is 10"],
  ["{'a': 1}.size()", 31, "a new map is 30"],
  ["self.replicas in self.numbers", 1004, "membership reads the list"],
  ["'x' in self.labels", 3, "a key does not"],
  ["self.numbers.all(n, n > 0)", 5003, "1000 turns of 5: the accumulator twice, a call, the name, a comparison"],
  ["self.numbers.exists(n, n > 0)", 6003, "negated on the way"],
  ["self.numbers.exists_one(n, n > 0)", 4004, ""],
  ["self.numbers.map(n, n * 2).size()", 14_014, "each turn makes a list of one"],
  ["self.numbers.filter(n, n > 0).size()", 15_014, ""],
  ["self.pods.all(p, p.ports.all(t, t > 0))", 213, "10 × (3 + 3 + 3 × 5)"],
  ["self.words.all(w, w.startsWith('ab'))", 253, ""],
  ["self.words.all(w, w.contains(self.other))", 703, "20 characters in 2 × 40 in 4"],
  ["self.words.isSorted()", 152, "50 × (1 + 2)"],
  ["self.words.join(',').size()", 108, "1049 characters"],
  ["self.labels.all(k, self.labels[k] != '')", 115, ""],
  ["self.labels.all(k, v, v.contains('x'))", 179, "values are 63 long"],
  ["cel.bind(x, self.name, x.contains(x))", 114, "a bound name keeps its declaration"],
  ["self.any.contains('x')", 22, "an int-or-string has a longest text"],
  ["self.free == 'x'", 2, "a declaration that says nothing counts as nothing"],
  ["self.?name.orValue('').contains('x')", NEVER + 3, "what an optional holds has no declaration"],
  ["type(self.name) == type(self.other)", NEVER + 6, ""],
  ["sets.contains(self.words, ['a'])", 63, "each in each"],
  ["ip('10.0.0.1').family() == 4", 3, ""],
  ["cidr('10.0.0.0/8').containsIP(self.other)", 11, ""],
  ["quantity(self.other).isLessThan(quantity('1'))", 8, ""],
  ["quantity(self.other) == quantity('1')", 8, "opaque values compare in a moment"],
  ["format.dns1123Label().validate(self.name).hasValue()", 324, "a pattern of unknown length over the text"],
  ["optional.of(1).optMap(x, x + 1).hasValue()", 18, "as the macro is spelled out"],
];

test("what an expression costs at most", () => {
  for (const [expression, wanted, why] of COSTS) assert.equal(cost(expression), wanted, `${expression}: ${why}`);
});

test("a run over the biggest object that is declared is charged about as much, or less", () => {
  const word = (size: number, index = 0) => `a${index}`.padEnd(size, "b");
  const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));
  const self = {
    replicas: 1,
    name: word(100),
    other: word(40),
    numbers: many(1000, (index) => index + 1),
    words: many(50, (index) => word(20, index)),
    pods: many(10, (index) => ({ name: word(100, index), ports: [1, 2, 3] })),
    labels: Object.fromEntries(many(16, (index) => [`k${index}`, word(63, index)])),
    any: word(200),
    free: "y",
  };
  for (const [expression] of COSTS) {
    const { program, cost: most } = compileWithCost(expression, { variables: { self: SELF } }, "self");
    const budget = { left: 1e6 };
    try {
      program.evaluate({ self }, { budget });
    } catch (error) {
      assert.equal((error as Error).name, "EvaluationError", expression);
    }
    const charged = 1e6 - budget.left;
    assert.ok(charged <= 1.5 * most + 5, `${expression}: charged ${charged}, estimated ${most}`);
  }
});

test("elements of a list that the expression has made are looked up in the root's declaration", () => {
  const filtered = "self.pods.filter(p, p.name != '')";
  assert.equal(cost(`${filtered}.all(p, p.name.contains('x'))`), 13 + 10 * 15 + 1 + 10 * 15, "self has a name of 100 characters, too");
  assert.equal(cost(`${filtered}.all(p, p.ports.all(t, t > 0))`), MAX, "but no ports");
});

test("a program knows the variables that it speaks of", () => {
  const variables = { self: SELF, oldSelf: SELF };
  const spokenOf = (expression: string) => [...compileWithCost(expression, { variables }, "self").program.variables].sort();
  assert.deepEqual(spokenOf("self.pods.all(oldSelf, oldSelf.name != '')"), ["self"]);
  assert.deepEqual(spokenOf("self.name == oldSelf.name"), ["oldSelf", "self"]);
});

test("any text has a finite cost or is refused, soon", () => {
  const part = fc.constantFrom(
    ..."self . name words numbers pods labels any [ ] ( ) { } ? : , 1 2.5 'a' + - * / == < && || ! in has all map exists filter cel bind x y size contains matches join .? [? true null".split(
      " ",
    ),
  );
  const snippet = fc.constantFrom(
    "self.words.all(x, ",
    "self.pods.map(x, y, ",
    "cel.bind(x, self.name, ",
    "self.?name.optMap(x, ",
    "(",
    ")",
    "x",
    " + ",
    " && ",
    "self.name",
    ".contains(",
    "'a'",
    "[",
    "]",
    ",",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(part, { maxLength: 25 }).map((parts) => parts.join(" ")),
        fc.array(snippet, { maxLength: 12 }).map((parts) => parts.join("")),
      ),
      (text) => {
        try {
          const found = compileWithCost(text, { variables: { self: SELF, x: DYN } }, "self").cost;
          assert.ok(Number.isFinite(found) && found >= 0 && found <= MAX, `${text}: ${found}`);
        } catch (error) {
          assert.ok(error instanceof CompileError, String((error as Error).stack));
        }
      },
    ),
    { numRuns: 2000 },
  );
  const deep = `${"self.numbers.all(x, ".repeat(60)}true${")".repeat(60)}`;
  assert.equal(cost(deep), MAX);
  assert.ok(cost(Array.from({ length: 900 }, () => "self.name").join(" + ")) < MAX);
});
