import assert from "node:assert/strict";
import { test } from "node:test";
import { goDuration, KeyedBackoff } from "./backoff.ts";

test("the first restart is free, then 10 s doubling to 5 min", () => {
  const backoff = new KeyedBackoff();
  let now_ms = 1_000_000;
  const delays: number[] = [];
  for (let i = 0; i < 8; i++) {
    const left_ms = backoff.remaining_ms("k", now_ms, now_ms);
    delays.push(left_ms / 1000);
    now_ms += left_ms;
    backoff.next("k", now_ms);
  }
  assert.deepEqual(delays, [0, 10, 20, 40, 80, 160, 300, 300]);
});

test("a container that ran long enough starts anew", () => {
  const backoff = new KeyedBackoff();
  backoff.next("k", 0);
  backoff.next("k", 1_000);
  assert.equal(backoff.remaining_ms("k", 2_000_000, 2_000_000), 0);
  backoff.next("k", 2_000_000);
  assert.equal(backoff.delay_ms("k"), 10_000);
});

test("durations as Go prints them", () => {
  assert.deepEqual([10_000, 80_000, 300_000].map(goDuration), ["10s", "1m20s", "5m0s"]);
});
