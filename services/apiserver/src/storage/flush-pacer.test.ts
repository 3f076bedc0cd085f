import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@flotilla/testing/sim/clock.ts";
import { FlushPacer } from "./flush-pacer.ts";

test("a lone change goes out at once; a burst shares a flush per period, and its end is not lost", () => {
  const clock = new FakeClock();
  const flushed: number[] = [];
  const pacer = new FlushPacer(clock, 4, () => flushed.push(clock.monotonic()));
  pacer.changed();
  for (let i = 0; i < 10; i++) {
    clock.advance(1);
    pacer.changed();
  }
  clock.advance(100);
  pacer.changed();
  assert.deepEqual(flushed, [0, 4, 8, 12, 110]);
});
