import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "@flotilla/api";
import { seededRandom } from "@flotilla/base";
import { FakeClock } from "@flotilla/testing";
import { Queue } from "./queue.ts";

const pod = (name: string, priority = 0): Pod => ({
  metadata: { namespace: "d", name, uid: name },
  spec: { priority, containers: [{ name: "c", image: "i" }] },
});

function setUp() {
  const clock = new FakeClock();
  const queue = new Queue({ clock, random: seededRandom(1) }, (plugin, event) => plugin === "Fit" && event === "pod-removed");
  const fit = new Set(["Fit"]);
  const pop = () => queue.pop()?.metadata.name;
  return { clock, queue, fit, pop };
}

test("priority first, then age", () => {
  const { queue, pop } = setUp();
  for (const p of [pod("a"), pod("b", 5), pod("c"), pod("d", 5)]) queue.set(p, false);
  assert.deepEqual([pop(), pop(), pop(), pop(), pop()], ["b", "d", "a", "c", undefined]);
});

test("an unschedulable pod waits for an event its plug-ins care about, and for its pause", () => {
  const { clock, queue, fit, pop } = setUp();
  queue.set(pod("a"), false);
  pop();
  queue.failed(pod("a"), fit);
  queue.moved("node-changed");
  clock.advance(60_000);
  assert.equal(pop(), undefined);
  queue.moved("pod-removed");
  assert.equal(pop(), "a");
  queue.failed(pod("a"), fit);
  queue.moved("pod-removed");
  assert.deepEqual([pop(), queue.nextWake_ms()], [undefined, 2_000]);
  clock.advance(2_000);
  assert.equal(pop(), "a");
});

test("pauses double up to ten seconds", () => {
  const { clock, queue, pop } = setUp();
  queue.set(pod("a"), false);
  const pauses = [];
  for (let i = 0; i < 6; i++) {
    pop();
    queue.retry(pod("a"));
    pauses.push(queue.nextWake_ms());
    clock.advance(10_000);
  }
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

test("what nothing moves is tried again after five minutes", () => {
  const { clock, queue, fit, pop } = setUp();
  queue.set(pod("a"), false);
  pop();
  queue.failed(pod("a"), fit);
  clock.advance(299_999);
  assert.equal(pop(), undefined);
  clock.advance(1);
  assert.equal(pop(), "a");
});

test("a change of the pod itself lets it try again; a removed pod never comes back", () => {
  const { clock, queue, fit, pop } = setUp();
  queue.set(pod("a"), false);
  pop();
  queue.failed(pod("a"), fit);
  clock.advance(1_000);
  queue.set(pod("a", 9), true);
  assert.equal(pop(), "a");
  queue.remove(pod("a"));
  queue.failed(pod("a"), fit);
  queue.moved("pod-removed");
  clock.advance(600_000);
  assert.deepEqual([pop(), queue.sizes()], [undefined, { active: 0, backoff: 0, unschedulable: 0 }]);
});
