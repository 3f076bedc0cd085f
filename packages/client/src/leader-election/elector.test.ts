import assert from "node:assert/strict";
import { test } from "node:test";
import { apiError, Leases } from "@flotilla/api";
import { seededRandom, silentLogger } from "@flotilla/base";
import { FakeClock } from "@flotilla/testing";
import { FakeApiClient } from "../fake/index.ts";
import { LeaderElector } from "./elector.ts";

function setup() {
  const clock = new FakeClock();
  const api = new FakeApiClient(clock);
  const log: string[] = [];
  const candidate = (identity: string) => {
    const stop = new AbortController();
    const times = { leaseDuration_ms: 15_000, renewDeadline_ms: 10_000, retryPeriod_ms: 2_000 };
    const ports = { client: api, clock, random: seededRandom(identity.length), log: silentLogger };
    const elector = new LeaderElector(ports, { namespace: "kube-system", name: "x", identity, ...times });
    const done = elector.run(stop.signal, (signal) => {
      log.push(`${identity} leads`);
      signal.addEventListener("abort", () => log.push(`${identity} stops`));
    });
    return { elector, stop, done };
  };
  return { clock, api, log, candidate };
}

test("one leads, the other waits; a clean stop hands over within a retry", async () => {
  const { clock, api, log, candidate } = setup();
  const a = candidate("a");
  await clock.advanceAsync(10);
  const b = candidate("bb");
  await clock.advanceAsync(30_000);
  assert.deepEqual(log, ["a leads"]);
  assert.equal(b.elector.leader(), "a");
  a.stop.abort();
  await clock.advanceAsync(4_400);
  assert.equal(await a.done, "stopped");
  assert.deepEqual(log, ["a leads", "a stops", "bb leads"]);
  assert.equal(api.all(Leases)[0]!.spec?.leaseTransitions, 1);
  b.stop.abort();
});

test("a leader that cannot renew stops before anyone else starts", async () => {
  const { clock, api, log, candidate } = setup();
  const a = candidate("a");
  await clock.advanceAsync(10);
  const restore = api.react("*", "leases", () => {
    throw apiError("ServiceUnavailable", "down");
  });
  await clock.advanceAsync(11_000);
  assert.equal(await a.done, "lost");
  restore();
  const b = candidate("bb");
  await clock.advanceAsync(14_000);
  assert.deepEqual(log, ["a leads", "a stops"]);
  await clock.advanceAsync(6_000);
  assert.deepEqual(log, ["a leads", "a stops", "bb leads"]);
  b.stop.abort();
});

test("a renewal that hangs counts as failed at the deadline", async () => {
  const { clock, api, candidate } = setup();
  const a = candidate("a");
  await clock.advanceAsync(10);
  api.react("update", "leases", () => new Promise(() => {}));
  api.update = () => new Promise(() => {});
  await clock.advanceAsync(11_000);
  assert.equal(await a.done, "lost");
});
