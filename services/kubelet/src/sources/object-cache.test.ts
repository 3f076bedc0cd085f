import assert from "node:assert/strict";
import { test } from "node:test";
import { apiError, ConfigMaps } from "@flotilla/api";
import { FakeApiClient } from "@flotilla/client/fake/fake-client.ts";
import { FakeClock } from "@flotilla/testing/sim/clock.ts";
import { ObjectCache } from "./object-cache.ts";

function setUp() {
  const clock = new FakeClock();
  const api = new FakeApiClient(clock);
  api.seed(ConfigMaps, { metadata: { name: "c", namespace: "n" }, data: { a: "1" } });
  const cache = new ObjectCache(api, clock);
  const read = async () => (await cache.configMap("n", "c"))?.data?.["a"];
  const gets = () => api.actions.filter((a) => a.verb === "get").length;
  return { clock, api, cache, read, gets };
}

test("those who ask together share an answer; those who ask later see changes", async () => {
  const { clock, api, read, gets } = setUp();
  assert.deepEqual(await Promise.all([read(), read(), read()]), ["1", "1", "1"]);
  assert.equal(gets(), 1);
  await api.patch(ConfigMaps, "c", { type: "merge", body: { data: { a: "2" } } }, { namespace: "n" });
  clock.advance(600);
  assert.equal(await read(), "2");
});

test("while the API is away the last answer holds; without one the failure shows", async () => {
  const { clock, api, cache, read } = setUp();
  await read();
  clock.advance(600);
  api.react("get", "configmaps", () => {
    throw apiError("ServiceUnavailable", "away");
  });
  assert.equal(await read(), "1");
  await assert.rejects(cache.configMap("n", "other"), /away/);
});

test("an API that does not answer is not waited for", async () => {
  const { clock, api, read } = setUp();
  await read();
  clock.advance(600);
  api.get = () => new Promise<never>(() => {});
  const slow = read();
  await clock.advanceAsync(1_000);
  assert.equal(await slow, "1");
});

test("what is gone is gone", async () => {
  const { clock, api, read } = setUp();
  await read();
  await api.delete(ConfigMaps, "c", { namespace: "n" });
  clock.advance(600);
  assert.equal(await read(), undefined);
});
