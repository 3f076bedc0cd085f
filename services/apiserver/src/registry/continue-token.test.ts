import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeContinue, encodeContinue } from "./continue-token.ts";

test("a token comes back as it was", () => {
  const token = { revision: 42, after: "default/a" };
  assert.deepEqual(decodeContinue(encodeContinue(token)), token);
});

for (const bad of [
  "",
  "x",
  "e30",
  Buffer.from('{"v":"meta.k8s.io/v1","rv":1,"start":"../secrets"}').toString("base64url"),
  Buffer.from('{"v":"meta.k8s.io/v1","rv":-2,"start":"a"}').toString("base64url"),
]) {
  test(`refuses ${JSON.stringify(bad)}`, () => assert.throws(() => decodeContinue(bad), { message: /continue key is not valid/ }));
}
