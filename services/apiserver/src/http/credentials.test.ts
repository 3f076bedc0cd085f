import assert from "node:assert/strict";
import { test } from "node:test";
import { credentialsOf, subjectOf } from "./credentials.ts";

test("a certificate's CN is the user, each O a group", () => {
  assert.deepEqual(subjectOf({ CN: "jane", O: ["dev", "ops"] }), { certificate: { commonName: "jane", organizations: ["dev", "ops"] } });
  assert.deepEqual(subjectOf({ CN: "root", O: "system:masters" }), {
    certificate: { commonName: "root", organizations: ["system:masters"] },
  });
  assert.deepEqual(subjectOf({ O: "dev" }), { badCertificate: true });
});

const check = (headers: Record<string, string | string[]>, expected: object) =>
  test(JSON.stringify(headers), () => assert.deepEqual(credentialsOf({}, headers), expected));

check({}, {});
check({ authorization: "Bearer abc" }, { bearerToken: "abc" });
check({ authorization: "Basic abc" }, {});
check({ "impersonate-user": "jane", "impersonate-group": "a, b" }, { impersonate: { user: "jane", groups: ["a", "b"], extra: {} } });
check(
  { "impersonate-user": "jane", "impersonate-extra-a%2fb": "x", "impersonate-extra-%zz": "y" },
  { impersonate: { user: "jane", groups: [], extra: { "a/b": ["x"], "%zz": ["y"] } } },
);
