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

/** Lines of a request, as Node gives them. */
const requestOf = (...lines: [string, string][]) => ({
  headers: Object.fromEntries(lines.map(([name, value]) => [name.toLowerCase(), value])),
  rawHeaders: lines.flat(),
});
const check = (lines: [string, string][], expected: object) =>
  test(JSON.stringify(lines), () => assert.deepEqual(credentialsOf({}, requestOf(...lines)), expected));

check([], {});
check([["Authorization", "Bearer abc"]], { bearerToken: "abc" });
check([["Authorization", "Basic abc"]], {});
check(
  [
    ["Impersonate-User", "jane"],
    ["Impersonate-Group", "a, b"],
    ["impersonate-group", "c"],
  ],
  { impersonate: { user: "jane", groups: ["a, b", "c"], extra: {} } },
);
check(
  [
    ["Impersonate-User", "jane"],
    ["Impersonate-Extra-a%2fb", "x"],
    ["Impersonate-Extra-%zz", "y"],
    ["Impersonate-Extra-a%2fb", "z,z"],
  ],
  { impersonate: { user: "jane", groups: [], extra: { "a/b": ["x", "z,z"], "%zz": ["y"] } } },
);

const config = {
  clientCa: "",
  allowedNames: [],
  usernameHeaders: ["X-Remote-User", "X-Other"],
  uidHeaders: ["X-Remote-Uid"],
  groupHeaders: ["X-Remote-Group"],
  extraPrefixes: ["X-Remote-Extra-"],
};
const proxied = (lines: [string, string][], expected: object | undefined) =>
  test(`a front proxy says ${JSON.stringify(lines)}`, () =>
    assert.deepEqual(credentialsOf({ proxy: { commonName: "p", config } }, requestOf(...lines)).frontProxy?.user, expected));

proxied([], undefined);
proxied([["X-Remote-Group", "system:masters"]], undefined);
proxied(
  [
    ["x-remote-user", ""],
    ["X-Other", "jane"],
  ],
  { name: "jane", groups: [] },
);
proxied(
  [
    ["X-Remote-User", Buffer.from("jürgen").toString("latin1")],
    ["X-Remote-Group", "a,system:masters"],
    ["X-Remote-Group", "b"],
    ["X-Remote-Uid", "7"],
    ["X-Remote-Extra-Example.com%2FKey", "1"],
    ["X-Remote-Extra-__proto__", "2"],
  ],
  { name: "jürgen", groups: ["a,system:masters", "b"], uid: "7", extra: JSON.parse('{"example.com/key":["1"],"__proto__":["2"]}') },
);
test("who is no front proxy names nobody", () =>
  assert.equal(credentialsOf({}, requestOf(["X-Remote-User", "jane"])).frontProxy, undefined));
