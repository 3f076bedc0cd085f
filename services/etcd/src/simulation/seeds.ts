import assert from "node:assert/strict";
import { test } from "node:test";
import { simulateStore } from "./simulate.ts";

/** A test over seeds [from, from + count): each a whole cluster's life. The suite spreads them over files, which run side by side. */
export function testSeeds(from: number, count: number): void {
  test(`the store holds what it promises under faults: seeds ${from} to ${from + count - 1}`, async () => {
    let answered = 0;
    for (let seed = from; seed < from + count; seed++) answered += (await simulateStore({ seed })).answered;
    assert.ok(answered > count * 40, `the clusters got work done: ${answered} answers`);
  });
}
