import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "@flotilla/api";
import { dedupOwners } from "./owners.ts";

const owner = (uid: string, name = "a") => ({ apiVersion: "v1", kind: "Pod", name, uid });
const cases: [what: string, owners: ReturnType<typeof owner>[] | undefined, left: number, warned: boolean][] = [
  ["no owners", undefined, 0, false],
  ["two owners", [owner("1"), owner("2")], 2, false],
  ["the same twice", [owner("1"), owner("2"), owner("1")], 2, true],
  ["one uid with two names is for validation", [owner("1", "a"), owner("1", "b")], 2, false],
];
for (const [what, ownerReferences, left, warned] of cases) {
  test(what, () => {
    const object = { metadata: ownerReferences ? { ownerReferences } : {} } as KubeObject;
    const warnings: string[] = [];
    dedupOwners(object, warnings, false);
    assert.equal(object.metadata.ownerReferences?.length ?? 0, left);
    assert.deepEqual(
      warnings.map((text) => /observed: (.*)$/.exec(text)?.[1]),
      warned ? ["1"] : [],
    );
  });
}
