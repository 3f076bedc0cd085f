import assert from "node:assert/strict";
import { test } from "node:test";
import { type CustomResourceDefinition, FieldErrors, type JsonSchema, type KubeObject, structuralOf } from "@flotilla/api";
import { escapedName } from "@flotilla/kube-cel";
import { compileRules } from "./rules.ts";
import { nextStatus } from "./status.ts";

const NOW = Date.parse("2024-01-01T00:00:00Z");

function verdict(spec: JsonSchema, value: unknown, old?: unknown): string {
  const check = compileRules(structuralOf({ type: "object", properties: { spec } }));
  const errors = new FieldErrors();
  const object = (of: unknown) => ({ metadata: { name: "x" }, spec: of }) as unknown as KubeObject;
  check?.(object(value), old === undefined ? undefined : object(old), errors);
  return errors.list.map(({ field, message }) => `${field}: ${message}`).join("; ");
}

const rules = (...all: object[]) => ({ "x-kubernetes-validations": all });
const integer = { type: "integer" };

test("rules see their place, its old value, and say what their author wants said", () => {
  const range = { type: "object", properties: { min: integer, max: integer } };
  const items = { type: "object", properties: { k: { type: "string" }, v: { ...integer, ...rules({ rule: "self >= oldSelf" }) } } };
  const list = { type: "array", items, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"] };
  for (const [schema, value, old, wanted] of [
    [{ ...range, ...rules({ rule: "self.min <= self.max" }) }, { min: 1, max: 2 }, undefined, ""],
    [
      { ...range, ...rules({ rule: "self.min <= self.max" }) },
      { min: 3, max: 2 },
      undefined,
      'spec: Invalid value: "object": failed rule: self.min <= self.max',
    ],
    [
      { ...range, ...rules({ rule: "self.min <= self.max", messageExpression: "'min is %d'.format([self.min])", fieldPath: ".min" }) },
      { min: 3, max: 2 },
      undefined,
      'spec.min: Invalid value: "object": min is 3',
    ],
    [
      { ...range, ...rules({ rule: "self.min > 0", message: "no", reason: "FieldValueForbidden" }) },
      { min: 0 },
      undefined,
      "spec: Forbidden: no",
    ],
    [
      { ...range, ...rules({ rule: "self.min > 0" }) },
      {},
      undefined,
      'spec: Invalid value: "object": no such key: min evaluating rule: self.min > 0',
    ],
    [{ ...integer, ...rules({ rule: "self >= oldSelf" }) }, 1, 2, 'spec: Invalid value: "integer": failed rule: self >= oldSelf'],
    [{ ...integer, ...rules({ rule: "self >= oldSelf" }) }, 1, undefined, ""],
    [
      { ...integer, ...rules({ rule: "!oldSelf.hasValue() || self > oldSelf.value()", optionalOldSelf: true }) },
      1,
      2,
      'spec: Invalid value: "integer": failed rule: !oldSelf.hasValue() || self > oldSelf.value()',
    ],
    [{ ...integer, ...rules({ rule: "!oldSelf.hasValue()", optionalOldSelf: true }) }, 1, undefined, ""],
    [
      list,
      [
        { k: "b", v: 1 },
        { k: "a", v: 1 },
      ],
      [{ k: "a", v: 2 }],
      'spec[1].v: Invalid value: "integer": failed rule: self >= oldSelf',
    ],
    [{ ...integer, ...rules({ rule: "self < 5" }) }, 7, 7, ""],
    [{ type: "string", format: "date-time", ...rules({ rule: "self.getFullYear() == 2024" }) }, "2024-05-01T00:00:00Z", undefined, ""],
    [{ "x-kubernetes-int-or-string": true, ...rules({ rule: "type(self) == int ? self > 1 : self.endsWith('%')" }) }, "5%", undefined, ""],
    [
      { type: "object", additionalProperties: { type: "string", ...rules({ rule: "self != ''" }) } },
      { "a.b": "" },
      undefined,
      "spec[a.b]: Invalid value: \"string\": failed rule: self != ''",
    ],
    [
      { type: "object", properties: { "a-b": integer, in: integer }, ...rules({ rule: "self.a__dash__b < self.__in__" }) },
      { "a-b": 1, in: 2 },
      undefined,
      "",
    ],
  ] as [JsonSchema, unknown, unknown, string][]) {
    assert.equal(verdict(schema, value, old), wanted, JSON.stringify(schema["x-kubernetes-validations"] ?? schema));
  }
});

test("rules of a big object run out of their budget instead of time", () => {
  const nested = { type: "array", items: { ...integer, ...rules({ rule: "[1,2,3].all(a, [1,2,3].all(b, a + b + self > 0))" }) } };
  const found = verdict(
    nested,
    Array.from({ length: 200_000 }, (_, index) => index),
  );
  assert.match(found, /validation failed due to running out of cost budget, no further validation rules will be run$/);
});

test("names of properties are escaped as upstream does", () => {
  assert.deepEqual(["a", "a-b", "a.b", "a/b", "a__b", "namespace", "1a", "ä"].map(escapedName), [
    "a",
    "a__dash__b",
    "a__dot__b",
    "a__slash__b",
    "a__underscores__b",
    "__namespace__",
    undefined,
    undefined,
  ]);
});

const crd = (plural: string, kind: string, more: object = {}, accepted?: object): CustomResourceDefinition =>
  ({
    metadata: { name: `${plural}.example.com` },
    spec: {
      group: "example.com",
      scope: "Cluster",
      names: { plural, kind, listKind: `${kind}List`, singular: kind.toLowerCase(), ...more },
      versions: [],
    },
    ...(accepted ? { status: { acceptedNames: accepted } } : {}),
  }) as unknown as CustomResourceDefinition;

test("who comes first has the names; what is written once stays", () => {
  const first = crd("foos", "Foo", { shortNames: ["f"] });
  const status = nextStatus(first, [], NOW)!;
  const conditions = (of: typeof status) => of.conditions!.map(({ type, status: value, reason }) => `${type}=${value} ${reason}`);
  assert.deepEqual(conditions(status), ["NamesAccepted=True NoConflicts", "Established=True InitialNamesAccepted"]);
  assert.equal(nextStatus({ ...first, status }, [], NOW + 1_000), undefined);
  for (const [second, reason] of [
    [crd("bars", "Foo"), "SingularConflict"],
    [crd("bars", "Bar", { shortNames: ["f"] }), "ShortNamesConflict"],
    [crd("bars", "Bar", { listKind: "Foo" }), "ListKindConflict"],
    [crd("f", "Bar"), "PluralConflict"],
  ] as const) {
    const found = nextStatus(second, [{ ...first, status }], NOW)!;
    assert.deepEqual(conditions(found), [`NamesAccepted=False ${reason}`, "Established=False NotAccepted"]);
  }
});
