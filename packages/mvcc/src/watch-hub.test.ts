import assert from "node:assert/strict";
import { test } from "node:test";
import { Store } from "./store.ts";
import { WatchHub, type WatchSpec } from "./watch-hub.ts";

const ALL: WatchSpec = { key: "", end: "\0", start: 0, noPut: false, noDelete: false };

/** Writes one key a revision. */
function write(store: Store, times: number): void {
  for (let i = 0; i < times; i++) {
    store.begin();
    store.put("k", `${store.revision}` as never, "0");
    store.commit();
  }
}

function listen(hub: WatchHub, start: number): number[] {
  const got: number[] = [];
  hub.watch(
    { ...ALL, start },
    { writable: () => true, events: (_watcher, versions) => got.push(...versions.map((v) => v.mod)), compacted: () => assert.fail() },
  );
  return got;
}

test("a watch on a revision to come gets nothing before it, also when a snapshot replaces the store meanwhile", () => {
  const store = new Store();
  const hub = new WatchHub(store);
  const got = listen(hub, 20);
  write(store, 5);
  hub.publish();
  const newer = new Store();
  write(newer, 10);
  hub.rebase(newer);
  hub.catchUp();
  write(newer, 15);
  hub.publish();
  assert.deepEqual(got, [20, 21, 22, 23, 24, 25, 26]);
});

test("a watch that was up to date goes on without gap or repetition in the store that a snapshot brought", () => {
  const store = new Store();
  const hub = new WatchHub(store);
  const got = listen(hub, 0);
  write(store, 3);
  hub.publish();
  const newer = new Store();
  write(newer, 6);
  hub.rebase(newer);
  hub.catchUp();
  write(newer, 1);
  hub.publish();
  assert.deepEqual(got, [2, 3, 4, 5, 6, 7, 8]);
});
