import assert from "node:assert/strict";
import { test } from "node:test";
import { simulateStore } from "./simulate.ts";

/** Seeds of one test: few, since a test has a time limit and machines are busy. */
const TOGETHER = 5;

/** Tests over seeds [from, from + count): each a whole cluster's life. The suite spreads them over files, which run side by side. */
export function testSeeds(from: number, count: number): void {
  for (let first = from; first < from + count; first += TOGETHER) {
    test(`the store holds what it promises under faults: seeds ${first} to ${first + TOGETHER - 1}`, async () => {
      let answered = 0;
      for (let seed = first; seed < first + TOGETHER; seed++) answered += (await simulateStore({ seed })).answered;
      assert.ok(answered > TOGETHER * 40, `the clusters got work done: ${answered} answers`);
    });
  }
}
