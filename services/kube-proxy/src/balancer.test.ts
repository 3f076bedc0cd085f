import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@flotilla/testing";
import { Balancer } from "./balancer.ts";

function balancer(backends: string[], affinity_ms?: number): { b: Balancer; clock: FakeClock; first: (ip?: string) => string | undefined } {
  const clock = new FakeClock();
  const b = new Balancer(clock);
  b.update(backends, affinity_ms);
  return { b, clock, first: (ip = "1.1.1.1") => b.candidates(ip)[0] };
}

test("round robin", () => {
  const { first } = balancer(["a", "b", "c"]);
  assert.deepEqual([first(), first(), first(), first()], ["a", "b", "c", "a"]);
});

test("an endpoint that failed is tried last until it answers or five seconds pass", () => {
  const { b, clock, first } = balancer(["a", "b"]);
  b.failed("a");
  assert.deepEqual([first(), first()], ["b", "b"]);
  assert.deepEqual([...b.candidates("x")], ["b", "a"]);
  clock.advance(5_001);
  assert.deepEqual(new Set([first(), first()]), new Set(["a", "b"]));
});

test("a client with affinity keeps its endpoint while it is there and not expired", () => {
  const { b, clock, first } = balancer(["a", "b", "c"], 1_000);
  b.succeeded("1.1.1.1", "b");
  assert.deepEqual([first(), first(), first()], ["b", "b", "b"]);
  clock.advance(1_000);
  const after = [first(), first(), first()];
  assert.deepEqual(after.toSorted(), ["a", "b", "c"]);
  b.succeeded("1.1.1.1", "b");
  b.update(["a", "c"], 1_000);
  assert.notEqual(first(), "b");
});
