import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { FieldErrors } from "../field-error.ts";
import * as fieldErrors from "../field-error.ts";
import type { CustomResourceDefinition, KubeObject } from "../types.ts";
import { customDefinitions } from "./definition.ts";
import { parseJsonPath } from "./jsonpath.ts";
import { defaultObject, pruneObject } from "./prune.ts";
import { type JsonSchema, structuralOf } from "./structural.ts";
import { validateValue } from "./validate.ts";
import { validateCrdSchemas } from "./validate-schema.ts";

const ports = { rules: () => undefined, converter: () => async (objects: readonly KubeObject[]) => objects };

function errorsOf(schema: JsonSchema, value: unknown): string[] {
  const errors = new fieldErrors.FieldErrors();
  validateValue(schema, value, "spec", errors);
  return texts(errors);
}

const texts = (errors: FieldErrors): string[] => errors.list.map(({ field, message }) => `${field}: ${message}`);

test("values are judged with kube-openapi's messages", () => {
  for (const [schema, value, ...wanted] of [
    [{ type: "string" }, 1, 'spec: Invalid value: "integer": spec in body must be of type string: "integer"'],
    [{ type: "integer" }, 1.5, 'spec: Invalid value: "number": spec in body must be of type integer: "number"'],
    [{ type: "number" }, 1],
    [{ type: "string", nullable: true }, null],
    [{ type: "string" }, null, 'spec: Invalid value: "null": spec in body must be of type string: "null"'],
    [{ type: "string", maxLength: 2 }, "abc", "spec: Too long: may not be more than 2 bytes"],
    [{ type: "string", minLength: 2 }, "a", 'spec: Invalid value: "a": spec in body should be at least 2 chars long'],
    [{ type: "string", enum: ["b", "a"] }, "c", 'spec: Unsupported value: "c": supported values: "b", "a"'],
    [
      { type: "string", format: "date" },
      "2024-02-30",
      'spec: Invalid value: "2024-02-30": spec in body must be of type date: "2024-02-30"',
    ],
    [{ type: "string", format: "ipv4" }, "1.2.3.256", 'spec: Invalid value: "1.2.3.256": spec in body must be of type ipv4: "1.2.3.256"'],
    [{ type: "string", format: "date-time" }, "2024-02-29T12:00:00Z"],
    [{ type: "string", format: "nobody-knows" }, "x"],
    [{ type: "integer", minimum: 1, exclusiveMinimum: true }, 1, "spec: Invalid value: 1: spec in body should be greater than 1"],
    [{ type: "number", multipleOf: 0.1 }, 0.3],
    [{ type: "integer", multipleOf: 3 }, 4, "spec: Invalid value: 4: spec in body should be a multiple of 3"],
    [{ type: "array", maxItems: 1, items: { type: "string" } }, ["a", "b"], "spec: Too many: 2: must have at most 1 items"],
    [{ type: "array", minItems: 1 }, [], "spec: Invalid value: 0: spec in body should have at least 1 items"],
    [
      { type: "array", items: { type: "string" } },
      ["a", 1],
      'spec[1]: Invalid value: "integer": spec[1] in body must be of type string: "integer"',
    ],
    [{ type: "object", required: ["a"] }, {}, "spec.a: Required value"],
    [{ type: "object", minProperties: 1 }, {}, "spec: Invalid value: 0: spec in body should have at least 1 properties"],
    [
      { type: "object", additionalProperties: { type: "integer" } },
      { a: "b" },
      'spec.a: Invalid value: "string": spec.a in body must be of type integer: "string"',
    ],
    [
      { type: "object", oneOf: [{ required: ["a"] }, { required: ["b"] }] },
      {},
      '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found none valid',
      "spec.a: Required value",
    ],
    [
      { type: "object", oneOf: [{ required: ["a"] }, { required: ["b"] }] },
      { a: 1, b: 1 },
      '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
    [{ type: "integer", not: { minimum: 5 } }, 6, '<nil>: Invalid value: "": "spec" must not validate the schema (not)'],
    [{ "x-kubernetes-int-or-string": true }, "50%"],
  ] as [JsonSchema, unknown, ...string[]][]) {
    assert.deepEqual(errorsOf(schema, value), wanted, JSON.stringify([schema, value]));
  }
});

test("pruning keeps what the schema knows or preserves; defaults fill what is missing or null", () => {
  const schema = structuralOf({
    type: "object",
    properties: {
      spec: {
        type: "object",
        properties: {
          a: { type: "string", default: "A" },
          nested: { type: "object", default: {}, properties: { b: { type: "integer", default: 2 } } },
          free: { type: "object", "x-kubernetes-preserve-unknown-fields": true, properties: { known: { type: "object", properties: {} } } },
          list: { type: "array", items: { type: "object", properties: { n: { type: "string" }, d: { type: "string", default: "D" } } } },
          inner: { type: "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true },
        },
      },
    },
  });
  const object = {
    apiVersion: "x/v1",
    kind: "X",
    metadata: { name: "a", wrong: 1 },
    other: 1,
    spec: {
      a: null,
      free: { any: { x: 1 }, known: { y: 1 } },
      list: [{ n: "1", z: 1 }],
      inner: { kind: "K", metadata: { name: "b", no: 1 } },
    },
  };
  const { unknown } = pruneObject(schema, object);
  assert.deepEqual(
    unknown,
    ["metadata.wrong", "other", "spec.free.known.y", "spec.list[0].z", "spec.inner.metadata.no"].sort(byAppearance(unknown)),
  );
  defaultObject(schema, object);
  assert.deepEqual(object.spec, {
    a: "A",
    nested: { b: 2 },
    free: { any: { x: 1 }, known: {} },
    list: [{ n: "1", d: "D" }],
    inner: { kind: "K", metadata: { name: "b" } },
  });
});

const byAppearance = (order: readonly string[]) => (a: string, b: string) => order.indexOf(a) - order.indexOf(b);

test("printer columns read JSONPaths", () => {
  const root = {
    spec: {
      "a.b": 1,
      list: [
        { n: "x", v: 1 },
        { n: "y", v: 2 },
      ],
      m: { p: "1", q: "2" },
    },
  };
  for (const [path, ...wanted] of [
    [".spec.list[0].n", "x"],
    [".spec.list[-1].n", "y"],
    [".spec.list[*].v", 1, 2],
    ['.spec.list[?(@.n=="y")].v', 2],
    [".spec.list[?(@.v>1)].n", "y"],
    [".spec.a\\.b", 1],
    [".spec['a.b']", 1],
    [".spec.m.*", "1", "2"],
    [".spec.none.at.all"],
  ] as [string, ...unknown[]][]) {
    assert.deepEqual(parseJsonPath(path)(root), wanted, path);
  }
  assert.throws(() => parseJsonPath(".spec[?bad]"));
});

const crdOf = (openAPIV3Schema: JsonSchema): CustomResourceDefinition =>
  ({
    metadata: { name: "things.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "things", kind: "Thing" },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  }) as unknown as CustomResourceDefinition;

test("schemas that are not structural are refused", () => {
  const at = "spec.validation.openAPIV3Schema";
  for (const [schema, ...wanted] of [
    [{}, `${at}.type: Required value: must not be empty at the root`],
    [{ type: "string" }, `${at}.type: Invalid value: "string": must be object at the root`],
    [{ type: "object", properties: { a: { type: "array" } } }, `${at}.properties[a].items: Required value: must be specified`],
    [
      { type: "object", properties: { a: { type: "object", properties: {}, additionalProperties: { type: "string" } } } },
      `${at}.properties[a].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`,
    ],
    [
      { type: "object", properties: { a: { type: "integer", default: "x" } } },
      `${at}.properties[a].default: Invalid value: "string":  in body must be of type integer: "string"`,
    ],
    [
      { type: "object", properties: { a: { type: "integer" } }, anyOf: [{ properties: { a: { type: "integer" } } }] },
      `${at}.anyOf[0].properties[a].type: Forbidden: must be empty to be structural`,
    ],
    [
      {
        type: "object",
        properties: {
          l: {
            type: "array",
            items: { type: "object", properties: { k: { type: "string" } } },
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
          },
        },
      },
      `${at}.properties[l].items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
    ],
    [
      { type: "object", properties: { a: { type: "integer" } }, not: { properties: { a: { default: 1, nullable: true, enum: [1] } } } },
      `${at}.not.properties[a].default: Forbidden: must be undefined to be structural`,
      `${at}.not.properties[a].nullable: Forbidden: must be false to be structural`,
    ],
    [{ type: "object", additionalProperties: { type: "string" } }, `${at}.additionalProperties: Forbidden: must not be used at the root`],
    [
      { type: "object", properties: { kind: { type: "integer" } } },
      `${at}.properties[kind].type: Invalid value: "integer": must be string`,
    ],
    [
      { type: "object", properties: { a: { "x-kubernetes-int-or-string": true, "x-kubernetes-preserve-unknown-fields": true } } },
      `${at}.properties[a].x-kubernetes-preserve-unknown-fields: Invalid value: true: must be false if x-kubernetes-int-or-string is true`,
    ],
    [
      { type: "object", properties: { metadata: { type: "object", properties: { labels: { type: "object" } } } } },
      `${at}.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified`,
    ],
  ] as [JsonSchema, ...string[]][]) {
    const errors = new fieldErrors.FieldErrors();
    validateCrdSchemas(crdOf(schema), errors);
    assert.deepEqual(texts(errors), wanted, JSON.stringify(schema));
  }
});

test("list and map types say which item is which", () => {
  const at = "spec.validation.openAPIV3Schema.properties[l]";
  const [list, keys, mapType] = ["x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type"];
  const text = { type: "string" };
  const item = (more: object = {}, k: object = text) => ({ type: "object", properties: { k }, required: ["k"], ...more });
  for (const [schema, ...wanted] of [
    [{ type: "array", items: item(), [list]: "map", [keys]: ["k"] }],
    [{ type: "array", items: text, [list]: "set" }],
    [{ type: "array", items: item({ [mapType]: "atomic" }), [list]: "set" }],
    [
      { type: "array", items: item(), [list]: "set" },
      `items.${mapType}: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set`,
    ],
    [
      { type: "array", items: { type: "array", items: text, [list]: "set" }, [list]: "set" },
      `items.${list}: Invalid value: "set": must be atomic as item of a list with x-kubernetes-list-type=set`,
    ],
    [
      { type: "array", items: { ...text, nullable: true }, [list]: "set" },
      `items.nullable: Forbidden: cannot be nullable when ${list} is set`,
    ],
    [{ type: "object", [list]: "atomic" }, `type: Invalid value: "object": must be array if ${list} is specified`],
    [{ type: "string", [mapType]: "atomic" }, `type: Invalid value: "string": must be object if ${mapType} is specified`],
    [{ type: "array", items: text, [list]: "bag" }, `${list}: Unsupported value: "bag": supported values: "atomic", "map", "set"`],
    [{ type: "array", items: item(), [keys]: ["k"] }, `${list}: Required value: must be map if ${keys} is non-empty`],
    [{ type: "array", items: text, [list]: "set", [keys]: ["k"] }, `${list}: Invalid value: "set": must be map if ${keys} is non-empty`],
    [{ type: "array", items: item(), [list]: "map" }, `${keys}: Required value: must not be empty if ${list} is map`],
    [
      { type: "array", items: text, [list]: "map", [keys]: ["k"] },
      `items.type: Invalid value: "string": must be object if parent array's ${list} is map`,
    ],
    [
      { type: "array", items: item(), [list]: "map", [keys]: ["k", "z"] },
      `${keys}: Invalid value: ["k","z"]: entries must all be names of item properties`,
    ],
    [
      { type: "array", items: item(), [list]: "map", [keys]: ["k", "k"] },
      `${keys}: Invalid value: ["k","k"]: must not contain duplicate entries`,
    ],
    [
      { type: "array", items: item({}, { type: "object" }), [list]: "map", [keys]: ["k"] },
      `items.properties[k].type: Invalid value: "object": must be a scalar type if parent array's ${list} is map`,
    ],
    [
      { type: "array", items: item({ required: [] }, { type: "string", nullable: true }), [list]: "map", [keys]: ["k"] },
      `items.properties[k].default: Required value: this property is in ${keys}, so it must have a default or be a required property`,
      `items.properties[k].nullable: Forbidden: this property is in ${keys}, so it cannot be nullable`,
    ],
  ] as [JsonSchema, ...string[]][]) {
    const errors = new fieldErrors.FieldErrors();
    validateCrdSchemas(crdOf({ type: "object", properties: { l: schema } }), errors);
    assert.deepEqual(
      texts(errors).map((one) => one.replace(`${at}.`, "")),
      wanted,
      JSON.stringify(schema),
    );
  }
});

/** Schemas of every keyword, sound or not; `inner` are the schemas they may hold. */
const schemasOf = (inner: fc.Arbitrary<JsonSchema>): fc.Arbitrary<JsonSchema> =>
  fc.record(
    {
      type: fc.constantFrom("object", "array", "string", "integer", "number", "boolean", "nonsense", undefined),
      properties: fc.dictionary(fc.constantFrom("a", "b", "metadata", "__proto__"), inner, { maxKeys: 2 }),
      additionalProperties: fc.oneof(fc.boolean(), inner),
      items: inner,
      nullable: fc.boolean(),
      default: fc.jsonValue({ maxDepth: 1 }),
      enum: fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 2 }),
      pattern: fc.constantFrom("(a*)*b", "[", "^x", "\\d+(?=y)"),
      format: fc.constantFrom("date", "uri", "duration", "ipv6", "email", "hostname"),
      required: fc.constantFrom(["a"], ["a", "b"]),
      maximum: fc.integer(),
      multipleOf: fc.constantFrom(0, 3, 0.1),
      anyOf: fc.array(inner, { maxLength: 2 }),
      oneOf: fc.array(inner, { maxLength: 2 }),
      not: inner,
      "x-kubernetes-list-type": fc.constantFrom("set", "map", "atomic", "odd"),
      "x-kubernetes-list-map-keys": fc.constantFrom(["a"], ["a", "b"]),
      "x-kubernetes-preserve-unknown-fields": fc.constant(true),
      "x-kubernetes-embedded-resource": fc.constant(true),
      "x-kubernetes-int-or-string": fc.constant(true),
    },
    { requiredKeys: [], noNullPrototype: true },
  );
const anySchema = schemasOf(schemasOf(schemasOf(fc.constant({ type: "string" }))));

test("no schema and no object makes anything throw but what it should; pruning and defaulting twice is as once", () => {
  fc.assert(
    fc.property(anySchema, fc.jsonValue({ maxDepth: 4 }), (schema, spec) => {
      const crd = crdOf({ type: "object", properties: { spec: schema } });
      validateCrdSchemas(crd, new fieldErrors.FieldErrors());
      const [def] = customDefinitions(crd, ports);
      const object = { apiVersion: "example.com/v1", kind: "Thing", metadata: { name: "a" }, spec } as unknown as KubeObject;
      try {
        def!.custom!.conform(object);
      } catch (error) {
        assert.equal((error as Error).name, "DecodeError");
        return;
      }
      def!.defaults(object);
      const once = structuredClone(object);
      def!.strategy.validateCreate!(object, new fieldErrors.FieldErrors());
      assert.deepEqual(object, once, "validation changes nothing");
      assert.doesNotThrow(() => def!.row(object, 0));
    }),
    { numRuns: 60 },
  );
});

test("a hostile pattern and a deep object take no time", () => {
  assert.equal(errorsOf({ type: "string", pattern: "^(a+)+$" }, `${"a".repeat(50_000)}!`).length, 1);
  let deep: unknown = {};
  for (let depth = 0; depth < 5_000; depth++) deep = { a: deep };
  const schema = structuralOf({ type: "object", "x-kubernetes-preserve-unknown-fields": true });
  assert.throws(() => pruneObject(schema, { spec: deep }), /exceeded max depth/);
});
