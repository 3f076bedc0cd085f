import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@flotilla/testing";
import { Expectations } from "./expectations.ts";
import { planClaims } from "./owner-refs.ts";
import { semanticEqual } from "./semantic-equal.ts";
import { slowStart } from "./slow-start.ts";
import { templateHash } from "./template-hash.ts";

test("expectations are satisfied by what is seen, or by time", () => {
  const clock = new FakeClock();
  const e = new Expectations(clock);
  e.expectCreations("rs", 2);
  e.expectDeletions("rs", ["p1"]);
  e.creationObserved("rs");
  e.creationObserved("rs");
  e.deletionObserved("rs", "other");
  assert.equal(e.satisfied("rs"), false);
  e.deletionObserved("rs", "p1");
  assert.equal(e.satisfied("rs"), true);
  e.expectCreations("rs", 1);
  clock.advance(5 * 60_000 + 1);
  assert.equal(e.satisfied("rs"), true);
});

test("claims: own, adopt, release, leave alone", () => {
  const owner = { metadata: { name: "o", uid: "1" } };
  const object = (name: string, app: string, uid?: string, deletionTimestamp?: string) => ({
    metadata: {
      name,
      labels: { app },
      deletionTimestamp,
      ...(uid ? { ownerReferences: [{ apiVersion: "", kind: "", name: "", uid, controller: true }] } : {}),
    },
  });
  const all = [
    object("own", "x", "1"),
    object("stray", "y", "1"),
    object("free", "x"),
    object("going", "x", undefined, "t"),
    object("other", "x", "2"),
  ];
  const names = (o: { metadata: { name?: string; deletionTimestamp?: string } }) => {
    const c = planClaims(o, (l) => l?.["app"] === "x", all);
    return [c.owned, c.adopt, c.release].map((l) => l.map((p) => p.metadata.name).join());
  };
  assert.deepEqual(names(owner), ["own", "free", "stray"]);
  assert.deepEqual(names({ metadata: { ...owner.metadata, deletionTimestamp: "t" } }), ["own", "", ""]);
});

test("slow start stops after the first bad batch", async () => {
  const tried: number[] = [];
  const result = await slowStart(100, async (i) => {
    tried.push(i);
    if (i >= 2) throw new Error("quota");
  });
  assert.deepEqual([tried.length, result.done], [3, 2]);
});

test("hashes and equality ignore order and what is not set", () => {
  assert.equal(templateHash({ a: 1, b: { c: 2 } }), templateHash({ b: { c: 2 }, a: 1 }));
  assert.notEqual(templateHash({ a: 1 }), templateHash({ a: 1 }, 1));
  assert.equal(semanticEqual({ a: [], b: 1 }, { b: 1, c: null }), true);
  assert.equal(semanticEqual({ a: [1] }, { a: [2] }), false);
});
