import assert from "node:assert/strict";
import { test } from "node:test";
import { ReadIndex } from "./read-index.ts";

test("reads that arrive while a question is on its way share the next one", async () => {
  const asked: (() => void)[] = [];
  const index = new ReadIndex(() => new Promise((resolve) => asked.push(resolve)));
  const order: string[] = [];
  const read = (name: string) => index.fresh().then(() => order.push(name));
  const first = read("first");
  const later = [read("second"), read("third")];
  assert.equal(asked.length, 1, "one question for the first; the others may not rely on it");
  asked[0]!();
  await first;
  await Promise.resolve();
  assert.equal(asked.length, 2);
  assert.deepEqual(order, ["first"]);
  asked[1]!();
  await Promise.all(later);
  assert.deepEqual(order, ["first", "second", "third"]);
});

test("a failed question fails its readers only", async () => {
  let fail = true;
  const index = new ReadIndex(() => (fail ? Promise.reject(new Error("down")) : Promise.resolve()));
  await assert.rejects(index.fresh(), /down/);
  fail = false;
  await index.fresh();
});
