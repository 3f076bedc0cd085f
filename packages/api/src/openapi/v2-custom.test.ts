import assert from "node:assert/strict";
import { test } from "node:test";
import { rootForV2 } from "./v2-custom.ts";

const PRESERVE = { "x-kubernetes-preserve-unknown-fields": true };
const ITEM = { type: "string" };

test("what v2 cannot say is left out of a custom resource's schema", () => {
  const table: [what: string, schema: object, v2: object][] = [
    ["conditions", { type: "object", anyOf: [{ required: ["a"] }], not: {} }, { type: "object" }],
    ["any type where null is one", { properties: { a: { type: "array", items: ITEM, nullable: true } } }, { properties: { a: {} } }],
    [
      "demands for what may be null",
      { required: ["a", "b"], properties: { a: { nullable: true } } },
      { required: ["b"], properties: { a: {} } },
    ],
    ["demands on values that may be null", { required: ["a"], additionalProperties: { nullable: true } }, { additionalProperties: {} }],
    [
      "properties beside unknown ones",
      { properties: { a: { type: "object", properties: { b: ITEM }, ...PRESERVE } } },
      { properties: { a: PRESERVE } },
    ],
    ["lists of nobody knows what", { properties: { a: { type: "array", items: ITEM, ...PRESERVE } } }, { properties: { a: PRESERVE } }],
    [
      "deep inside",
      { properties: { a: { items: { items: { nullable: true, type: "string" } } } } },
      { properties: { a: { items: { items: {} } } } },
    ],
    [
      "but ObjectMeta is still referred to",
      { properties: { metadata: { allOf: [{ $ref: "#/components/schemas/M" }] } } },
      { properties: { metadata: { allOf: [{ $ref: "#/components/schemas/M" }] } } },
    ],
  ];
  for (const [what, schema, v2] of table) assert.deepEqual(rootForV2(schema as Record<string, unknown>), v2, what);
});

test("an object that may hold anything names no property", () => {
  const gvk = { "x-kubernetes-group-version-kind": [{ group: "g", version: "v", kind: "K" }] };
  assert.deepEqual(rootForV2({ type: "object", properties: { kind: ITEM }, description: "d", ...PRESERVE, ...gvk }), {
    type: "object",
    ...gvk,
  });
});
