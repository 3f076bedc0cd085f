import assert from "node:assert/strict";
import { test } from "node:test";
import type { Secret } from "@flotilla/api";
import { pullCredentials } from "./credentials.ts";
import { defaultPullPolicy, parseImageReference, withDefaultTag } from "./reference.ts";

test("image references", () => {
  const table: [string, string | undefined][] = [
    ["redis", "docker.io library/redis"],
    ["redis:7", "docker.io library/redis 7"],
    ["a/b:v1", "docker.io a/b v1"],
    ["localhost/a", "localhost a"],
    ["reg.example:5000/a/b:v1", "reg.example:5000 a/b v1"],
    ["UPPER", undefined],
    ["a:b:c", undefined],
    ["", undefined],
    ["a b", undefined],
  ];
  for (const [image, expected] of table) {
    const r = parseImageReference(image);
    const shown = r && [r.registry, r.repository, r.tag].filter((p) => p !== undefined).join(" ");
    assert.equal(shown, expected, image);
  }
  assert.equal(withDefaultTag("redis"), "redis:latest");
  assert.equal(withDefaultTag("redis:7"), "redis:7");
  assert.equal(defaultPullPolicy("redis"), "Always");
  assert.equal(defaultPullPolicy("redis:7"), "IfNotPresent");
});

test("pull secrets are matched by registry and path, the most specific first", () => {
  const auths = {
    "https://index.docker.io/v1/": { auth: Buffer.from("me:pa:ss").toString("base64") },
    "reg.example": { username: "all", password: "1" },
    "reg.example/team": { username: "team", password: "2" },
  };
  const data = { ".dockerconfigjson": Buffer.from(JSON.stringify({ auths })).toString("base64") };
  const users = (image: string) => pullCredentials(image, [{ metadata: {}, data } as Secret]).map((a) => a.username);
  assert.deepEqual(users("reg.example/team/app"), ["team", "all"]);
  assert.deepEqual(users("reg.example/other"), ["all"]);
  assert.deepEqual(users("elsewhere.example/app"), []);
  assert.equal(pullCredentials("redis", [{ metadata: {}, data } as Secret])[0]!.password, "pa:ss");
  assert.deepEqual(pullCredentials("redis", [{ metadata: {}, data: { ".dockerconfigjson": "bm90IGpzb24=" } } as Secret]), []);
});
