import assert from "node:assert/strict";
import { test } from "node:test";
import { formatMicroTime, formatTime, humanDuration } from "./duration.ts";

test("durations as kubectl prints them", () => {
  const [s, m, h, d] = [1000, 60_000, 3_600_000, 86_400_000];
  const table: [number, string][] = [
    [-2 * s, "<invalid>"],
    [-1.5 * s, "0s"],
    [0, "0s"],
    [119 * s, "119s"],
    [2 * m, "2m"],
    [2 * m + 5 * s, "2m5s"],
    [10 * m + 5 * s, "10m"],
    [179 * m, "179m"],
    [3 * h, "3h"],
    [3 * h + 7 * m, "3h7m"],
    [8 * h + 7 * m, "8h"],
    [47 * h, "47h"],
    [2 * d, "2d"],
    [2 * d + 3 * h, "2d3h"],
    [9 * d, "9d"],
    [729 * d, "729d"],
    [730 * d, "2y"],
    [800 * d, "2y70d"],
    [365 * 9 * d, "9y"],
  ]; // prettier-ignore
  for (const [duration_ms, want] of table) assert.equal(humanDuration(duration_ms), want, String(duration_ms));
});

test("times", () => {
  assert.equal(formatTime(1_700_000_000_999), "2023-11-14T22:13:20Z");
  assert.equal(formatMicroTime(1_700_000_000_123), "2023-11-14T22:13:20.123000Z");
});
