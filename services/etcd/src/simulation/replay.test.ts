import assert from "node:assert/strict";
import { test } from "node:test";
import { simulateStore } from "./simulate.ts";

async function traceOf(seed: number): Promise<string[]> {
  const trace: string[] = [];
  await simulateStore({ seed, print: (line) => trace.push(line) });
  return trace;
}

test("the same seed gives the same run, line by line", async () => {
  const once = await traceOf(7);
  assert.deepEqual(await traceOf(7), once);
  assert.ok(once.length > 300, `${once.length} lines`);
});

test("another seed gives another run", async () => {
  assert.notDeepEqual(await traceOf(8), await traceOf(9));
});

test("a failure names its seed and shows what went before", async () => {
  for (let seed = 1; ; seed++) {
    const error = await simulateStore({ seed, plant: "a watch that sends an event twice" }).catch((e: Error) => e);
    if (!(error instanceof Error)) continue;
    assert.match(error.message, new RegExp(`^seed ${seed}: watch w\\d.* came twice`));
    assert.match(error.message, /\n +\d+\.\d{3} (m\d|c\d|w\d|n\d|adm|-) /);
    return;
  }
});
