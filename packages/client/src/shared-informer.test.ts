import assert from "node:assert/strict";
import { test } from "node:test";
import { type Pod, Pods } from "@flotilla/api";
import { seededRandom, silentLogger } from "@flotilla/base";
import { FakeClock } from "@flotilla/testing";
import { FakeApiClient } from "./fake/index.ts";
import { createInformerFactory } from "./informer-factory.ts";

const pod = (name: string, node?: string): Pod => ({ metadata: { name, namespace: "default" }, spec: { containers: [], nodeName: node } });

function setup() {
  const clock = new FakeClock();
  const api = new FakeApiClient(clock);
  const factory = createInformerFactory({ client: api, clock, random: seededRandom(1), log: silentLogger });
  const stop = new AbortController();
  const seen: string[] = [];
  const informer = factory.informer(Pods, { indexers: { node: (p) => [p.spec?.nodeName ?? ""] } });
  informer.subscribe({
    add: (p) => seen.push(`+${p.metadata.name}`),
    update: (p) => seen.push(`~${p.metadata.name}`),
    delete: (p) => seen.push(`-${p.metadata.name}`),
  });
  return { clock, api, factory, stop, seen, informer };
}

test("an informer lists, follows, and keeps its indexes", async () => {
  const { clock, api, factory, stop, seen, informer } = setup();
  api.seed(Pods, pod("a", "n1"));
  factory.start(stop.signal);
  await factory.synced();
  assert.deepEqual(seen, ["+a"]);
  await api.create(Pods, pod("b", "n1"));
  await api.patch(Pods, "b", { type: "merge", body: { spec: { nodeName: "n2" } } }, { namespace: "default" });
  await api.delete(Pods, "a", { namespace: "default", gracePeriodSeconds: 0 });
  await clock.advanceAsync(0);
  assert.deepEqual(seen, ["+a", "+b", "~b", "-a"]);
  assert.deepEqual(informer.lister.byIndex("node", "n1"), []);
  assert.deepEqual(
    informer.lister.byIndex("node", "n2").map((p) => p.metadata.name),
    ["b"],
  );
  stop.abort();
});

test("a watch that ends is resumed without a list; an expired one costs a list, and nothing is missed", async () => {
  const { clock, api, factory, stop, seen } = setup();
  factory.start(stop.signal);
  await factory.synced();
  await clock.advanceAsync(5_000);
  api.disconnectWatches();
  await api.create(Pods, pod("a"));
  await clock.advanceAsync(1_000);
  assert.deepEqual(seen, ["+a"]);
  assert.equal(api.actions.filter((a) => a.verb === "list").length, 1);
  await clock.advanceAsync(5_000);
  api.disconnectWatches();
  await api.delete(Pods, "a", { namespace: "default" });
  await api.create(Pods, pod("b"));
  api.compact();
  await clock.advanceAsync(2_000);
  assert.deepEqual(seen, ["+a", "+b", "-a"]);
  assert.equal(api.actions.filter((a) => a.verb === "list").length, 2);
  stop.abort();
});
