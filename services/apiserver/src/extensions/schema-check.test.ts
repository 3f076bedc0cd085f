import assert from "node:assert/strict";
import { test } from "node:test";
import { type CustomResourceDefinition, createBuiltinRegistry, FieldErrors, type JsonSchema } from "@flotilla/api";
import { withRuleChecks } from "./schema-check.ts";

const { strategy } = createBuiltinRegistry(withRuleChecks).findKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")!;
const ROOT = "spec.validation.openAPIV3Schema";
const HINT = "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)";

const crdOf = (spec: JsonSchema): CustomResourceDefinition =>
  ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "things.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "things", singular: "thing", kind: "Thing", listKind: "ThingList" },
      conversion: { strategy: "None" },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", properties: { spec } } } }],
    },
    status: { storedVersions: ["v1"] },
  }) as unknown as CustomResourceDefinition;

function problems(spec: JsonSchema, old?: JsonSchema): string[] {
  const errors = new FieldErrors();
  const crd = crdOf(spec);
  strategy.validate!(crd, errors);
  if (old) strategy.validateUpdate!(crd, crdOf(old), errors, {} as never);
  else strategy.validateCreate!(crd, errors);
  return errors.list.map(({ field, message }) => `${field.replace(`${ROOT}.properties[spec]`, "…").replace(ROOT, "root")}: ${message}`);
}

const rules = (...all: (string | object)[]) => ({
  "x-kubernetes-validations": all.map((one) => (typeof one === "string" ? { rule: one } : one)),
});
const text = { type: "string" };
const integer = { type: "integer" };
const object = (properties: JsonSchema, more: object = {}) => ({ type: "object", properties, ...more });
const list = (items: JsonSchema, more: object = {}) => ({ type: "array", items, ...more });
const map = (additionalProperties: JsonSchema, more: object = {}) => ({ type: "object", additionalProperties, ...more });
const at = (index: number) => `x-kubernetes-validations[${index}]`;

test("a rule that may become too dear is refused, with a factor and a way out", () => {
  const twice = (more: object) =>
    object({ words: list({ ...text, maxLength: 63 }, more) }, rules("self.words.all(a, self.words.all(b, a == b))"));
  for (const [spec, ...wanted] of [
    [twice({ maxItems: 100 })],
    [twice({}), `….${at(0)}.rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${HINT}`],
    // 6 × 1.7 million turns are just too many …
    [
      object({ numbers: list(integer) }, rules("self.numbers.all(n, n > 0 && n < 9)")),
      `….${at(0)}.rule: Forbidden: estimated rule cost exceeds budget by factor of 1.101004x ${HINT}`,
    ],
    // … and one look at each is not.
    [object({ numbers: list(integer) }, rules("self.numbers.all(n, n > 0)"))],
    [object({ numbers: list(integer) }, rules("self.numbers.sum() < 100"))],
    // A cheap rule, as often as its place may exist: as many as fit into a request, unless bounds are set.
    [
      object({ words: list({ ...text, ...rules("self.matches('^[a-z]+$')") }) }),
      `….properties[words].items.${at(0)}.rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${HINT}`,
    ],
    [object({ words: list({ ...text, maxLength: 63, ...rules("self.matches('^[a-z]+$')") }, { maxItems: 64 }) })],
    [
      map(list({ ...text, maxLength: 63, ...rules("self.matches('^[a-z]+$')") }, { maxItems: 1000 }), { maxProperties: 1000 }),
      `….additionalProperties.items.${at(0)}.rule: Forbidden: estimated rule cost exceeds budget by factor of 5.3x ${HINT}`,
    ],
    // An unbounded list within an unbounded list holds no more than one request does: what is long is rare.
    [list(list(object({ a: integer, b: integer }, { required: ["a", "b"], ...rules("self.a <= self.b") })))],
    [
      object({ a: text }, rules({ rule: "true", messageExpression: "self.a.contains(self.a) ? 'x' : 'y'" })),
      `….${at(0)}.messageExpression: Forbidden: estimated messageExpression cost exceeds budget by factor of more than 100x ${HINT}`,
    ],
  ] as [JsonSchema, ...string[]][])
    assert.deepEqual(
      problems(spec).filter((one) => !one.startsWith("root: ") && !one.includes("contributed")),
      wanted,
      JSON.stringify(spec),
    );
});

test("all rules together must not be too dear either; the dearest are named", () => {
  const field = list(integer, rules("self.all(n, n > 0)", "self.exists(n, n > 1)"));
  const names = Array.from({ length: 8 }, (_, index) => `f${index}`);
  const found = problems(
    object({ ...Object.fromEntries(names.map((name) => [name, field])), cheap: { ...integer, ...rules("self > 0") } }),
  );
  const blamed = "Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
  assert.deepEqual(found, [
    ...names.slice(0, 4).map((name) => `….properties[${name}].${at(1)}.rule: ${blamed}`),
    `root: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of 1.384120x ${HINT}`,
  ]);
});

test("what was accepted once may stay, as long as its schema does not change", () => {
  const dear = object({ words: list(text) }, rules("self.words.all(a, self.words.all(b, a == b))"));
  const isOne = (one: string) => one.includes("estimated rule cost exceeds budget");
  assert.deepEqual(problems(dear, dear).filter(isOne), []);
  assert.equal(problems({ ...dear, description: "new" }, dear).filter(isOne).length, 1);
});

test("rules and their messages are expressions of the right kind", () => {
  const spec = (rule: object) => object({ a: text, "b.c": text, m: map(text), l: list(text) }, rules(rule));
  for (const [rule, ...wanted] of [
    [{ rule: "self.a == 'x'", message: "no", reason: "FieldValueDuplicate", fieldPath: ".a" }],
    [{ rule: " " }, `….${at(0)}.rule: Required value: rule is not specified`],
    [{ rule: "true", message: " " }, `….${at(0)}.message: Invalid value: " ": message must be non-empty if specified`],
    [{ rule: "true", message: "a\nb" }, `….${at(0)}.message: Invalid value: "a\\nb": message must not contain line breaks`],
    [{ rule: "true &&\ntrue" }, `….${at(0)}.message: Required value: message must be specified if rule contains line breaks`],
    [
      { rule: "true", messageExpression: " " },
      `….${at(0)}.messageExpression: Required value: messageExpression must be non-empty if specified`,
    ],
    [
      { rule: "true", reason: "Odd" },
      `….${at(0)}.reason: Unsupported value: "Odd": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"`,
    ],
    [{ rule: "true", fieldPath: "['b.c']" }],
    [{ rule: "true", fieldPath: ".m['any key']" }],
    [{ rule: "true", fieldPath: ".m.key" }],
    ...[".nope", ".l[0]", "a", ".", ".a.b", "['a'"].map((fieldPath): [object, string] => [
      { rule: "true", fieldPath },
      `….${at(0)}.fieldPath: Invalid value: ${JSON.stringify(fieldPath)}: fieldPath must be a valid path`,
    ]),
    [
      { rule: "true", optionalOldSelf: true },
      `….${at(0)}.optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule`,
    ],
    [{ rule: "!oldSelf.hasValue() || self == oldSelf.value()", optionalOldSelf: true }],
  ] as [object, ...string[]][])
    assert.deepEqual(problems(spec(rule)), wanted, JSON.stringify(rule));
  for (const [rule, field, wanted] of [
    [{ rule: "self.a" }, "rule", "cel expression must evaluate to a bool"],
    [{ rule: "self.nope == 1" }, "rule", "compilation failed: ERROR: <input>:1:5: undefined field 'nope'"],
    [
      { rule: "oldSelf.hasValue()" },
      "rule",
      "compilation failed: ERROR: <input>:1:17: found no matching overload for 'hasValue' applied to 'object.()'",
    ],
    [{ rule: "true", messageExpression: "1" }, "messageExpression", "messageExpression must evaluate to a string"],
    [
      { rule: "true", messageExpression: "'a" },
      "messageExpression",
      "messageExpression compilation failed: ERROR: <input>:1:1: Syntax error",
    ],
  ] as const) {
    const [found, ...others] = problems(spec(rule));
    assert.deepEqual(others, [], JSON.stringify(rule));
    assert.ok(found?.startsWith(`….${at(0)}.${field}: Invalid value: `) && found.includes(`: ${wanted}`), found);
  }
});

test("an old value is only known where items can be told apart", () => {
  const inner = { ...text, maxLength: 9, ...rules("self == oldSelf") };
  const item = object({ k: text, v: inner }, { required: ["k"] });
  const keyed = { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"] };
  const within = (where: string) =>
    `oldSelf cannot be used on the uncorrelatable portion of the schema within ${ROOT}.properties[spec]${where}`;
  for (const [spec, ...wanted] of [
    [inner],
    [map(inner)],
    [list(item, keyed)],
    [list(item), `….items.properties[v].${at(0)}.rule: Invalid value: "self == oldSelf": ${within("")}`],
    [
      object({ l: list(inner, { "x-kubernetes-list-type": "set" }) }),
      `….properties[l].items.${at(0)}.rule: Invalid value: "self == oldSelf": ${within(".properties[l]")}`,
    ],
    [
      object({ a: inner }, { "x-kubernetes-map-type": "atomic" }),
      `….properties[a].${at(0)}.rule: Invalid value: "self == oldSelf": ${within("")}`,
    ],
  ] as [JsonSchema, ...string[]][])
    assert.deepEqual(problems(spec), wanted, JSON.stringify(spec));
});

test("defaults obey the rules; a schema that is wrong anyway is not judged by its rules", () => {
  const small = { ...integer, ...rules({ rule: "self < 10", message: "too much" }) };
  assert.deepEqual(problems(object({ n: { ...small, default: 11 } })), ['….properties[n].default: Invalid value: "integer": too much']);
  assert.deepEqual(problems(object({ o: object({ n: small }, { default: { n: 12 } }) })), [
    '….properties[o].default.n: Invalid value: "integer": too much',
  ]);
  assert.deepEqual(problems(object({ n: { ...small, default: 9 } })), []);
  assert.deepEqual(problems(object({ l: { type: "array" } }, rules("self.nope"))), [
    "….properties[l].items: Required value: must be specified",
  ]);
  assert.deepEqual(problems(object({ n: integer, ok: integer }, { anyOf: [{ properties: { n: rules("true") } }] })), [
    "….anyOf[0].properties[n].x-kubernetes-validations: Forbidden: must be empty to be structural",
  ]);
});
