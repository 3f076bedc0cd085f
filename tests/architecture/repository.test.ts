import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT, sources } from "./sources.ts";

test("every service has a main and an assemble", () => {
  for (const name of readdirSync(join(ROOT, "services"))) {
    for (const file of ["main.ts", "assemble.ts"]) {
      assert.ok(existsSync(join(ROOT, "services", name, "src", file)), `services/${name}/src/${file} is missing`);
    }
  }
});

test("the lock file records no download addresses", () => {
  assert.doesNotMatch(readFileSync(join(ROOT, "package-lock.json"), "utf8"), /"resolved": "http/);
});

test("every source is imported by something, is an entry, or is a test", () => {
  const all = sources();
  const mentioned = new Set(all.flatMap((s) => [...s.text.matchAll(/["'][^"']*?([\w.-]+\.tsx?)["']/g)].map((m) => m[1]!)));
  const entries = /(^|\/)(main|index|assemble)\.tsx?$/;
  const dead = all.filter((s) => !s.isTest && !entries.test(s.path) && !mentioned.has(s.path.split("/").at(-1)!)).map((s) => s.path);
  assert.deepEqual(dead, []);
});
