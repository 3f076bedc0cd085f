import assert from "node:assert/strict";
import { test } from "node:test";
import { createBuiltinRegistry } from "../../registry.ts";
import { findStruct, structOf } from "../../schema/schema.ts";
import { describeType } from "./index.ts";

test("every type and field that explain can show has a text", () => {
  const seen = new Set<string>();
  const silent: string[] = [];
  const visit = (full: string): void => {
    if (seen.has(full)) return;
    seen.add(full);
    if (!describeType(full)) silent.push(full);
    for (const field of structOf(full).fields.values()) {
      if (!describeType(full, field.json)) silent.push(`${full}.${field.json}`);
      if (field.ref !== undefined) visit(field.ref);
    }
  };
  for (const { schema } of createBuiltinRegistry().all()) {
    visit(schema);
    if (findStruct(`${schema}List`)) visit(`${schema}List`);
  }
  for (const type of ["meta/v1.DeleteOptions", "meta/v1.Status", "autoscaling/v1.Scale", "policy/v1.Eviction"]) visit(type);
  visit("authentication/v1.TokenRequest");
  assert.deepEqual(silent, []);
  assert.ok(seen.size > 400, `only ${seen.size} types`);
});

/** Type, field, how the text begins. */
const EXAMPLES: [string, string | undefined, RegExp][] = [
  ["core/v1.Pod", undefined, /^Containers that run together/],
  ["core/v1.EphemeralContainer", "image", /^Image to run/],
  ["apps/v1.DeploymentList", undefined, /^A list of Deployment objects/],
  ["apps/v1.Deployment", "kind", /^Name of the type/],
  ["rbac/v1.Subject", "kind", /^User, Group or ServiceAccount/],
];
for (const [type, field, expected] of EXAMPLES) {
  test(`text of ${type} ${field ?? ""}`, () => assert.match(describeType(type, field) ?? "", expected));
}
