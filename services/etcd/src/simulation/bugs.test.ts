import assert from "node:assert/strict";
import { test } from "node:test";
import { PLANTS, type Plant } from "./plants.ts";
import { simulateStore } from "./simulate.ts";

const SEEDS_MAX = 200;

// The checkers must bite: each of these puts one bug into the members, and it is found.
for (const plant of Object.keys(PLANTS) as Plant[]) {
  test(`found: ${plant}`, async () => {
    for (let seed = 1; seed <= SEEDS_MAX; seed++) {
      const wrong = await simulateStore({ seed, plant }).then(
        () => undefined,
        (error: Error) => error.message.split("\n")[0]!,
      );
      if (wrong) return assert.match(wrong, PLANTS[plant].found);
    }
    assert.fail(`${SEEDS_MAX} seeds found nothing`);
  });
}
