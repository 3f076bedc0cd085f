import assert from "node:assert/strict";
import { test } from "node:test";
import { entryOfStored } from "./entry.ts";
import { ResourceCache } from "./resource-cache.ts";

const entry = (name: string, revision: number, extra = "") =>
  entryOfStored(
    `/registry/pods/d/${name}`,
    Buffer.from(`{"kind":"Pod","apiVersion":"v1","metadata":{"name":"${name}"},"x":"${extra}"}`),
    revision,
  );

function cacheWith(...names: string[]): ResourceCache {
  const cache = new ResourceCache(0);
  cache.begin(10);
  for (const name of names) cache.load(entry(name, 5));
  return cache;
}

const names = (cache: ResourceCache, prefix = "/registry/pods/d/", after = "") =>
  [...cache.scan(prefix, after)].map(({ name }) => name).join(" ");

test("lists in the order of keys, whatever the order of writes", () => {
  const cache = cacheWith("c", "a");
  cache.put(entry("b", 11));
  assert.equal(names(cache), "a b c");
  assert.equal(names(cache, "/registry/pods/d/", "/registry/pods/d/a"), "b c");
});

test("a deleted key that comes back is listed once", () => {
  const cache = cacheWith("a", "b");
  cache.remove("/registry/pods/d/a", 11);
  assert.equal(names(cache), "b");
  cache.put(entry("a", 12));
  assert.equal(names(cache), "a b");
});

test("a watch gets what it missed, then what comes", () => {
  const cache = cacheWith("a");
  cache.put(entry("b", 11));
  cache.remove("/registry/pods/d/a", 12);
  const seen: string[] = [];
  const stop = cache.subscribe(11, ({ type, entry: e, revision }) => seen.push(`${type} ${e.name} ${revision}`));
  cache.put(entry("b", 13, "new"));
  stop();
  cache.put(entry("b", 14));
  assert.deepEqual(seen, ["DELETED a 12", "MODIFIED b 13"]);
});

test("a deletion shows the last object at the deletion's revision", () => {
  const cache = cacheWith("a");
  let version: string | undefined;
  cache.subscribe(10, ({ entry: e }) => (version = e.object.metadata.resourceVersion));
  cache.remove("/registry/pods/d/a", 20);
  assert.equal(version, "20");
});

test("a watch from before the first list has expired", () => {
  assert.throws(() => cacheWith().subscribe(9, () => {}), { message: "too old resource version: 9 (10)" });
});

test("history is bounded: an old watch expires, a recent one misses nothing", () => {
  const cache = cacheWith();
  for (let revision = 11; revision < 11 + 5_000; revision++) cache.put(entry("a", revision));
  assert.throws(() => cache.subscribe(11, () => {}), /too old/);
  let count = 0;
  cache.subscribe(5_010 - 1_000, () => count++);
  assert.equal(count, 1_000);
});

test("the resourceVersion is spliced into the stored bytes", () => {
  assert.equal(entry("a", 7).json.toString(), '{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"7","name":"a"},"x":""}');
  const foreign = entryOfStored("/registry/x/a", Buffer.from(`{"spec":{"pad":"${"p".repeat(400)}"},"metadata":{"name":"a"}}`), 7);
  assert.equal(foreign.object.metadata.resourceVersion, "7");
});
