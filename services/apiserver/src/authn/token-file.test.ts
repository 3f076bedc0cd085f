import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenFileAuthenticator } from "./token-file.ts";

const FILE = `# comment
abc,jane,7,"dev, ops"
xyz,root,0
`;

test("a token names its user and groups", async () => {
  const authenticate = tokenFileAuthenticator(FILE);
  assert.deepEqual(await authenticate("abc"), { name: "jane", uid: "7", groups: ["dev", "ops"] });
  assert.deepEqual(await authenticate("xyz"), { name: "root", uid: "0", groups: [] });
  assert.equal(await authenticate("ab"), undefined);
  assert.equal(await authenticate(""), undefined);
});

test("a line that lacks fields is named", () => assert.throws(() => tokenFileAuthenticator("abc,jane"), /line 1/));
