/** What must hold of every kind, checked on objects made from its schema. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeBody } from "../decode.ts";
import type { ResourceDefinition } from "../definition.ts";
import { cloneJson } from "../json-equal.ts";
import { encodeProtobuf } from "../protobuf/envelope.ts";
import { createBuiltinRegistry } from "../registry.ts";
import { enumValues, type Field, isSchemaUnion, JSON_SCHEMA, type StructType, structOf } from "../schema/schema.ts";
import type { KubeObject } from "../types.ts";

const registry = createBuiltinRegistry();
const RUNS = 8;
/** Structs nest this deep; below, optional fields are left out. */
const DEPTH_MAX = 5;

const text = fc.string({ maxLength: 6 });
const filled = fc.string({ minLength: 1, maxLength: 6 });
/** Values as they stand in their canonical form. */
const SCALARS: Record<string, fc.Arbitrary<unknown>> = {
  bool: fc.boolean(),
  int32: fc.integer(),
  int64: fc.maxSafeInteger(),
  float64: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  bytes: fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes).toString("base64")),
  quantity: fc.constantFrom("1", "250m", "1Gi", "3k"),
  intstr: fc.oneof(fc.integer(), filled),
  time: fc.constantFrom("2025-01-02T03:04:05Z", "1999-12-31T23:59:59Z"),
  microtime: fc.constantFrom("2025-01-02T03:04:05.000006Z"),
  duration: fc.constantFrom("1m30s", "0s"),
  raw: fc.dictionary(fc.constantFrom("a", "b"), fc.oneof(fc.integer(), text), { maxKeys: 2 }),
  json: fc.oneof(fc.integer(), filled, fc.constant({ a: [1] })),
  fields: fc.constant({ "f:a": {} }),
};

function scalarOf(field: Field, depth: number): fc.Arbitrary<unknown> {
  if (field.scalar === "string") {
    const values = field.alias === undefined ? [] : enumValues(field.alias).filter((value) => value !== "");
    return values.length > 0 ? fc.constantFrom(...values) : text;
  }
  if (!isSchemaUnion(field.scalar)) return SCALARS[field.scalar!]!;
  const schema = structArbitrary(structOf(JSON_SCHEMA), depth + 1);
  if (field.scalar === "schemaOrBool") return fc.oneof(fc.boolean(), schema);
  const item: fc.Arbitrary<unknown> = field.scalar === "schemaOrArray" ? schema : text;
  return fc.oneof(schema, fc.array(item, { minLength: 1, maxLength: 2 }));
}

function elementOf(field: Field, depth: number): fc.Arbitrary<unknown> {
  return field.ref !== undefined ? structArbitrary(structOf(field.ref), depth + 1) : scalarOf(field, depth);
}

function memberOf(field: Field, depth: number): fc.Arbitrary<unknown> {
  if (field.container === "one") return elementOf(field, depth);
  const list = fc.array(elementOf(field, depth), { minLength: 1, maxLength: 2 });
  if (field.container === "list") return list;
  const key = fc.constantFrom("k", "example.com/k", "__proto__");
  return fc
    .array(fc.tuple(key, field.container === "map" ? elementOf(field, depth) : list), { minLength: 1, maxLength: 2 })
    .map((entries) => {
      const map: Record<string, unknown> = {};
      for (const [name, value] of entries)
        Object.defineProperty(map, name, { value, writable: true, enumerable: true, configurable: true });
      return map;
    });
}

function structArbitrary(type: StructType, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const members = [...type.fields.values()].filter((field) => field.json !== "kind" && field.json !== "apiVersion");
  const always = new Set(type.always.map(({ json }) => json));
  const wanted = depth < DEPTH_MAX ? members : members.filter(({ json }) => always.has(json));
  const model = Object.fromEntries(wanted.map((field) => [field.json, fc.option(fc.constant(field), { nil: undefined, freq: 3 })]));
  return fc.record(model).chain((chosen) => {
    const fields = Object.values(chosen).filter((field): field is Field => field !== undefined);
    return fc.record(Object.fromEntries(fields.map((field) => [field.json, memberOf(field, depth)])));
  });
}

const bytes = (object: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(object));

for (const def of registry.all()) {
  test(`${def.group}/${def.version} ${def.kind}: JSON and protobuf say the same, defaults settle`, () => {
    const generated = structArbitrary(structOf(def.schema), 0);
    fc.assert(
      fc.property(generated, (raw) => holds(def, raw)),
      { numRuns: RUNS },
    );
  });
}

function holds(def: ResourceDefinition, raw: Record<string, unknown>): void {
  const { object, warnings } = decodeBody(def, bytes(raw), { fieldValidation: "Warn" });
  assert.deepEqual(warnings, []);
  assert.deepEqual(decodeBody(def, bytes(object)).object, object, "JSON again");
  const contentType = "application/vnd.kubernetes.protobuf";
  const again = decodeBody(def, encodeProtobuf(def.schema, object), { contentType }).object;
  assert.deepEqual(sorted(again), sorted(object), "protobuf and back");
  const once = cloneJson(object);
  once.metadata ??= {};
  def.defaults(once);
  const twice = cloneJson(once);
  def.defaults(twice);
  assert.deepEqual(twice, once, "defaults again");
  def.row(once, 0);
}

/** Without the members that are nothing: protobuf knows no difference between an empty list and none. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as KubeObject)
      .map(([key, member]): [string, unknown] => [key, sorted(member)])
      .filter(([, member]) => !(Array.isArray(member) && member.length === 0))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
