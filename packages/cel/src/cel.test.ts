import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  BOOL,
  type CelType,
  CompileError,
  CostError,
  compile,
  DYN,
  EvaluationError,
  INT,
  listOf,
  mapOf,
  objectType,
  STRING,
  toJson,
} from "./index.ts";

const SELF = objectType("Self", {
  replicas: INT,
  name: STRING,
  tags: listOf(STRING),
  labels: mapOf(STRING, STRING),
  spec: objectType("Spec", { min: INT, on: BOOL }),
  any: DYN,
});
const self = {
  replicas: 3,
  name: "web",
  tags: ["a", "b"],
  labels: { app: "web" },
  spec: { min: 1, on: true },
  any: { n: 1.5, list: [1, 2] },
};

const evaluate = (
  expression: string,
  variables: Record<string, CelType> = { self: SELF },
  bindings: Record<string, unknown> = { self },
): unknown => toJson(compile(expression, { variables }).evaluate(bindings));

test("expressions over objects", () => {
  for (const [expression, wanted] of [
    ["self.replicas <= 5 && self.spec.min < self.replicas", true],
    ["self.tags.exists(t, t == 'b')", true],
    ["has(self.spec.min) && !has(self.any.missing)", true],
    ["self.any.list.map(n, n * 2)", [2, 4]],
    ["self.labels['app'] + '-' + string(self.replicas)", "web-3"],
    ["self.labels.all(k, k.size() > 2)", true],
    ["self.labels.?missing.orValue('none')", "none"],
    ["self.any.?n.hasValue()", true],
    ["self.labels.transformMap(k, v, v.size())", { app: 3 }],
    ["'%s has %d'.format([self.name, self.replicas])", "web has 3"],
    ["cel.bind(x, self.replicas, x * x)", 9],
    ["self.any.n == 1.5 && self.any.list[0] == 1", true],
    ["self.replicas == 3.0 || true", undefined],
  ] as const) {
    if (wanted !== undefined) assert.deepEqual(evaluate(expression), wanted, expression);
  }
});

test("Kubernetes' libraries", () => {
  for (const expression of [
    "[1, 2, 3].isSorted() && [3, 1].sum() == 4 && [3, 1].min() == 1 && ['a', 'c'].max() == 'c'",
    "['a', 'b', 'a'].indexOf('a') == 0 && ['a', 'b', 'a'].lastIndexOf('a') == 2",
    "'abc 123'.find('[0-9]+') == '123' && '1 22 3'.findAll('[0-9]+') == ['1', '22', '3'] && '1 22 3'.findAll('[0-9]+', 2) == ['1', '22']",
    "'aaa'.find('a+?') == 'a' && 'foobar'.find('foo|foobar') == 'foo' && 'xyz'.find('q') == ''",
    "url('https://user@example.com:80/a%20b?x=1&x=2').getHost() == 'example.com:80' && url('https://e.com:8/x').getPort() == '8'",
    "url('https://e.com/?x=1&x=2').getQuery() == {'x': ['1', '2']} && isURL('/absolute') && !isURL('relative')",
    "url('https://[::1]:80/p').getHostname() == '::1' && url('http://e.com/a b').getEscapedPath() == '/a%20b'",
    "quantity('1Gi').isGreaterThan(quantity('900Mi')) && quantity('50k') == quantity('50000') && !isQuantity('x')",
    "quantity('200M').add(quantity('200M')).compareTo(quantity('400M')) == 0 && quantity('50k').asInteger() == 50000",
    "quantity('9999').sub(9998).asInteger() == 1 && quantity('-1').sign() == -1 && !quantity('1500m').isInteger()",
    "ip('192.168.0.1').family() == 4 && ip('::1').isLoopback() && isIP('fe80::1') && !isIP('1.2.3') && ip('10.0.0.1').isGlobalUnicast()",
    "ip.isCanonical('2001:db8::68') && !ip.isCanonical('2001:DB8::68') && string(ip('2001:db8:0:0:0:0:0:1')) == '2001:db8::1'",
    "cidr('10.0.0.0/8').containsIP('10.1.2.3') && cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
    "cidr('192.168.0.0/24').prefixLength() == 24 && string(cidr('fd00::/8').ip()) == 'fd00::' && !isCIDR('10.0.0.0/33')",
    "!format.dns1123Label().validate('my-name').hasValue() && format.named('uuid').value().validate('x').value().size() == 1",
    "!format.uri().validate('/a/path').hasValue() && format.uri().validate('a path').hasValue()",
    "semver('1.2.3').major() == 1 && semver('1.2.3').minor() == 2 && semver('1.2.3').patch() == 3 && isSemver('0.1.0-alpha.1+b.01')",
    "!isSemver('v1.0.0') && !isSemver('1.0') && !isSemver('1.0.01') && !isSemver('1.0.0-01') && !isSemver('1.0.0-') && !isSemver('')",
    "isSemver('v1', true) && semver('v01.01', true) == semver('1.1.0') && !isSemver('1.0-rc', true) && isSemver('v1.00.0-rc', true)",
    "['1.0.0-1', '1.0.0-2', '1.0.0-11', '1.0.0-a', '1.0.0-a.1', '1.0.0-b', '1.0.0', '1.0.1', '1.10.0'].all(i, v, i == 0 || semver(v).isGreaterThan(semver('1.0.0-1')))",
    "semver('1.0.0-a.1').compareTo(semver('1.0.0-a')) == 1 && semver('1.0.0-11').compareTo(semver('1.0.0-2')) == 1",
    "semver('1.0.0-rc').isLessThan(semver('1.0.0')) && semver('1.0.0+a') == semver('1.0.0+b') && semver('1.9.0').isLessThan(semver('1.10.0'))",
    "sets.contains(['a', 'b'], ['a']) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 2], [2, 1, 1])",
    "'Hello'.lowerAscii() == 'hello' && 'a,b'.split(',') == ['a', 'b'] && ['a', 'b'].join('-') == 'a-b' && 'abc'.substring(1) == 'bc'",
    "timestamp('2024-01-01T00:00:00Z') + duration('24h') == timestamp('2024-01-02T00:00:00Z') && duration('90m').getHours() == 1",
    "[1, 2, 3, 4].exists_one(n, n == 3) && [1, 2].all(i, v, i < v) && 'a1'.matches('^[a-z][0-9]$')",
    "type(1) == int && type('') == string && optional.none().or(optional.of(1)).value() == 1",
  ]) {
    assert.equal(evaluate(expression), true, expression);
  }
});

test("an unsound expression is refused with its place", () => {
  for (const [expression, wanted] of [
    ["self.foo", "1:5: undefined field 'foo'"],
    ["other > 1", "1:1: undeclared reference to 'other' (in container '')"],
    ["self.name + 1", "1:11: found no matching overload for '_+_' applied to '(string, int)'"],
    ["self.name.size(1)", "1:15: found no matching overload for 'size' applied to 'string.(int)'"],
    ["self.nope()", "1:10: undeclared reference to 'nope' (in container '')"],
    ["self.name.all(c, true)", "1:5: expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)"],
    ["[1, 'a']", "1:5: expected type 'int' but found 'string'"],
    ["self.replicas == 'x'", "1:15: found no matching overload for '_==_' applied to '(int, string)'"],
    [
      "self.replicas >",
      "1:16: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
    ],
    ["'a'.matches('(')", "1:13: invalid matches argument: error parsing regexp: missing closing ): `(`"],
  ] as const) {
    assert.throws(
      () => evaluate(expression),
      (error: Error) => {
        assert.ok(error instanceof CompileError, expression);
        assert.ok(error.message.startsWith(`ERROR: <input>:${wanted}\n | ${expression}\n | `), error.message);
        return true;
      },
    );
  }
});

test("an evaluation fails in cel-go's words", () => {
  for (const [expression, wanted] of [
    ["self.any.missing == 1", "no such key: missing"],
    ["self.tags[5] == ''", "index out of bounds: 5"],
    ["1 / (self.replicas - 3) > 0", "division by zero"],
    ["self.any.n + 'x' == 'x'", "no such overload"],
    ["optional.none().value() == 1", "optional.none() dereference"],
    ["semver('1.x.0') == semver('1.0.0')", 'Invalid character(s) found in minor number "x"'],
    ["semver('1.02.0').major() == 1", 'Minor number must not contain leading zeroes "02"'],
    ["semver('1') == semver('1.0.0')", "No Major.Minor.Patch elements found"],
    [
      "cidr('10.0.0.0/33').prefixLength() == 1",
      'network address parse error during conversion from string: netip.ParsePrefix("10.0.0.0/33"): prefix length out of range',
    ],
    [
      "cidr('10.0.0.0').prefixLength() == 1",
      "network address parse error during conversion from string: netip.ParsePrefix(\"10.0.0.0\"): no '/'",
    ],
  ] as const) {
    assert.throws(
      () => evaluate(expression),
      (error: Error) => error instanceof EvaluationError && error.message === wanted,
      expression,
    );
  }
});

test("what a run is charged for", () => {
  const numbers = Array.from({ length: 1000 }, (_, index) => index);
  const charged = (expression: string): number => {
    const budget = { left: 1e6 };
    compile(expression, { variables: { self: DYN } }).evaluate({ self: { ...self, numbers } }, { budget, cost_max: 1e6 });
    return 1e6 - budget.left;
  };
  for (const [expression, wanted] of [
    ["self.replicas == 3", 3],
    ["self.name == 'web' && self.replicas > 1", 6],
    ["self.name != 'web' && self.replicas > 1", 3],
    ["self.name in ['api', 'web', 'db']", 4],
    ["self.numbers.all(n, n >= 0)", 2 + 1 + 100 + 1000 * 5],
    ["self.numbers.exists(n, n == 1)", 2 + 1 + 100 + 2 * 6],
    ["self.name.upperAscii() == 'WEB'", 5],
  ] as const)
    assert.equal(charged(expression), wanted, expression);
});

test("a hostile expression ends", () => {
  const big = { list: Array.from({ length: 1000 }, (_, index) => index), text: "a".repeat(100_000) };
  const doubling = Array.from({ length: 60 }, (_, i) => `cel.bind(x${i + 1}, x${i} + x${i}, `).join("");
  for (const expression of [
    "self.list.all(a, self.list.all(b, self.list.all(c, a + b + c >= 0)))",
    `cel.bind(x0, self.text, ${doubling}x60${")".repeat(60)}).size() > 0`,
    "self.list.map(a, self.list.map(b, self.list)).size() > 0 && self.list.all(a, self.list.map(b, self.list.map(c, c)).size() > 0)",
    "self.list.all(i, self.text.matches('(a*)*(a*)*b') || true)",
    "self.list.all(i, self.text.findAll('a').size() > 0)",
  ]) {
    assert.throws(() => evaluate(expression, { self: DYN }, { self: big }), CostError, expression);
  }
  assert.throws(() => compile("(".repeat(5000), { variables: {} }), CompileError);
  assert.throws(() => compile(`${"1+".repeat(5000)}1`, { variables: {} }), CompileError);
  assert.throws(() => compile(`${"-".repeat(20_001)}${"(".repeat(300)}`, { variables: {} }), CompileError);
});

test("any text compiles or is refused; what compiles evaluates or fails as it should", () => {
  const part = fc.constantFrom(
    ..."self . tags name [ ] ( ) { } ? : , 1 2.5 'a' + - * / % == != < && || ! in has all map exists x size ` \\ \" b' 0x .? [? true null".split(
      " ",
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(part, { maxLength: 25 }).map((parts) => parts.join(" ")),
      ),
      (text) => {
        try {
          compile(text, { variables: { self: SELF, x: DYN } }).evaluate({ self, x: 1 });
        } catch (error) {
          assert.ok(
            error instanceof CompileError || error instanceof EvaluationError || error instanceof CostError,
            String((error as Error).stack),
          );
        }
      },
    ),
    { numRuns: 3000 },
  );
});
