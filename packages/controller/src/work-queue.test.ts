import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, apiError } from "@flotilla/api";
import { seededRandom, silentLogger } from "@flotilla/base";
import { FakeClock } from "@flotilla/testing";
import { Reconciler, TerminalError } from "./reconciler.ts";
import { WorkQueue } from "./work-queue.ts";

test("a key is once in the queue and never with two workers", async () => {
  const clock = new FakeClock();
  const q = new WorkQueue({ clock, random: seededRandom(1) });
  q.add("a");
  q.add("a");
  assert.equal(q.length, 1);
  assert.equal(await q.take(), "a");
  q.add("a");
  assert.equal(q.length, 0);
  q.done("a");
  assert.equal(q.length, 1);
});

test("of several delays the earliest counts", async () => {
  const clock = new FakeClock();
  const q = new WorkQueue({ clock, random: seededRandom(1) });
  q.addAfter("a", 500);
  q.addAfter("a", 100);
  q.addAfter("a", 900);
  clock.advance(100);
  assert.equal(q.length, 1);
  assert.equal(await q.take(), "a");
  q.done("a");
  clock.advance(1_000);
  assert.equal(q.length, 0);
});

test("a reconciler backs off on errors, asks again when told, and gives up on terminal ones", async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const at: string[] = [];
  const script: Record<string, (() => unknown)[]> = {
    retry: [() => Promise.reject(apiError("Conflict", "x")), () => Promise.reject(new Error("y")), () => undefined],
    later: [() => ({ requeueAfter_ms: 1_000 }), () => undefined],
    gone: [
      () =>
        Promise.reject(new ApiError({ ...apiError("Forbidden", "x").status, details: { causes: [{ reason: "NamespaceTerminating" }] } })),
    ],
    never: [() => Promise.reject(new TerminalError("z"))],
  };
  const reconcile = async (key: string) => {
    at.push(`${key}@${clock.monotonic()}`);
    return (await script[key]!.shift()!()) as any;
  };
  const r = new Reconciler({ clock, random: seededRandom(1), log: silentLogger }, { name: "t", reconcile });
  r.start(stop.signal);
  for (const key of Object.keys(script)) r.queue.add(key);
  await clock.advanceAsync(5_000);
  assert.deepEqual(at, ["retry@0", "later@0", "gone@0", "never@0", "retry@5", "retry@15", "later@1000"]);
  stop.abort();
});
