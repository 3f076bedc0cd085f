import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, randomInt, seededRandom } from "@flotilla/base";
import { hashKv } from "./hash.ts";
import { Lessor } from "./lessor.ts";
import { range } from "./range.ts";
import { Store } from "./store.ts";
import { deleteRange, put, txn } from "./txn.ts";
import { NO_END, type Op, type RangeQuery } from "./types.ts";
import { isTombstone, type Version } from "./version.ts";
import { type Watcher, WatchHub } from "./watch-hub.ts";

/** The store as one would write it down: a full copy of everything per revision. */
class Model {
  states = new Map<number, Map<string, { value: string; create: number; mod: number; version: number }>>([[1, new Map()]]);
  events: { mod: number; key: string; value: string | undefined }[] = [];
  revision = 1;

  write(changes: [string, string | undefined][]): void {
    const next = new Map(this.states.get(this.revision));
    let wrote = false;
    for (const [key, value] of changes) {
      const old = next.get(key);
      if (value === undefined && !old) continue;
      wrote = true;
      const mod = this.revision + 1;
      if (value === undefined) next.delete(key);
      else next.set(key, { value, create: old?.create ?? mod, mod, version: (old?.version ?? 0) + 1 });
      this.events.push({ mod, key, value });
    }
    if (wrote) this.states.set(++this.revision, next);
  }
}

const query = (over: Partial<RangeQuery>): RangeQuery => ({
  key: "",
  end: NO_END,
  limit: 0,
  revision: 0,
  sort: undefined,
  countOnly: false,
  keysOnly: false,
  modRevision_min: 0,
  modRevision_max: 0,
  createRevision_min: 0,
  createRevision_max: 0,
  ...over,
});

const putOp = (key: string, value: string): Op => ({
  kind: "put",
  put: { key, value, lease: "0", prevKv: false, ignoreValue: false, ignoreLease: false },
});

function seen(watcher: { got: Version[] }): { mod: number; key: string; value: string | undefined }[] {
  return watcher.got.map((v) => ({ mod: v.mod, key: v.key, value: isTombstone(v) ? undefined : v.value }));
}

function run(seed: number): void {
  calm = false;
  const random = seededRandom(seed);
  const space = { store: new Store(), lessor: new Lessor() };
  const { store } = space;
  const model = new Model();
  const hub = new WatchHub(store);
  const watches: { got: Version[]; start: number; key: string; end: string | undefined; watcher: Watcher; compacted: boolean }[] = [];
  const key = () => `k${randomInt(random, 12)}`;
  for (let i = 0; i < 400; i++) {
    step(random, i, key, space, model);
    if (random.next() < 0.03 && store.revision > store.compacted + 1) {
      store.compact(store.compacted + 1 + randomInt(random, store.revision - store.compacted));
    }
    store.sweep(randomInt(random, 5));
    if (random.next() < 0.05) watches.push(open(random, hub, store, key));
    hub.publish();
    if (random.next() < 0.5) hub.catchUp();
    if (i % 20 === 0) compare(random, store, model);
  }
  calm = true;
  hub.publish();
  while (hub.catchUp());
  compare(random, store, model);
  for (const w of watches) {
    const expected = model.events.filter(
      (e) => e.mod >= w.start && (w.end === undefined ? e.key === w.key : e.key >= w.key && e.key < w.end),
    );
    if (w.compacted) assert.deepEqual(seen(w), expected.slice(0, w.got.length), "what came before the compaction is complete");
    else assert.deepEqual(seen(w), expected, "every event once, in order");
  }
}

/** At the end of a run every receiver takes what it gets. */
let calm = false;

function step(random: Random, i: number, key: () => string, space: { store: Store; lessor: Lessor }, model: Model): void {
  const roll = random.next();
  if (roll < 0.5) {
    const k = key();
    put(space, { key: k, value: `v${i}`, lease: "0", prevKv: false, ignoreValue: false, ignoreLease: false });
    model.write([[k, `v${i}`]]);
  } else if (roll < 0.7) {
    const [from, to] = [key(), key()].sort() as [string, string];
    const gone = [...model.states.get(model.revision)!.keys()].filter((k) => k >= from && k < to).sort();
    const result = deleteRange(space, { key: from, end: from === to ? "" : to, prevKv: true });
    if (from === to) return;
    assert.equal(result.deleted, gone.length);
    model.write(gone.map((k) => [k, undefined]));
  } else {
    const k = key();
    const old = model.states.get(model.revision)!.get(k);
    const other = `${k}-b`;
    const result = txn(space, {
      compare: [{ key: k, end: undefined, target: "mod", result: "equal", operand: random.next() < 0.7 ? (old?.mod ?? 0) : 1 }],
      success: [putOp(k, `t${i}`), { kind: "txn", txn: { compare: [], success: [putOp(other, `n${i}`)], failure: [] } }],
      failure: [{ kind: "delete", delete: { key: k, end: undefined, prevKv: false } }],
    });
    model.write(
      result.succeeded
        ? [
            [k, `t${i}`],
            [other, `n${i}`],
          ]
        : [[k, undefined]],
    );
  }
  assert.equal(space.store.revision, model.revision);
}

function open(random: Random, hub: WatchHub, store: Store, key: () => string) {
  const start = random.next() < 0.5 ? store.revision + 1 : Math.max(1, store.compacted, store.revision - 10);
  const end = random.next() < 0.5 ? undefined : "k9";
  const w = { got: [] as Version[], start, key: key(), end, compacted: false, watcher: undefined as unknown as Watcher };
  w.watcher = hub.watch(
    { key: w.key, end, start, noPut: false, noDelete: false },
    {
      writable: () => calm || random.next() < 0.7,
      events: (_w, versions) => void w.got.push(...versions),
      compacted: () => {
        w.compacted = true;
      },
    },
  );
  return w;
}

/** Every revision that is not compacted reads as the model remembers it. */
function compare(random: Random, store: Store, model: Model): void {
  const at = Math.max(1, store.compacted) + randomInt(random, store.revision - Math.max(1, store.compacted) + 1);
  const expected = [...model.states.get(at)!].sort(([a], [b]) => (a < b ? -1 : 1));
  const result = range(store, query({ revision: at }));
  assert.deepEqual(
    result.kvs.map((v) => [v.key, { value: v.value, create: v.create, mod: v.mod, version: v.version }]),
    expected,
  );
  const limited = range(store, query({ revision: at, limit: 3 }));
  assert.deepEqual(limited.kvs, result.kvs.slice(0, 3));
  assert.deepEqual([limited.count, limited.more], [expected.length, expected.length > 3]);
}

test("reads, transactions and watches agree with a model, compaction and slow readers included", () => {
  for (let seed = 1; seed <= 60; seed++) {
    try {
      run(seed);
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
});

test("equal histories have equal hashes, however far the sweep is; other histories have others", () => {
  const build = (sweep: number, last = "z") => {
    const space = { store: new Store(), lessor: new Lessor() };
    for (let i = 0; i < 50; i++) txn(space, { compare: [], success: [putOp(`k${i % 7}`, `v${i}`)], failure: [] });
    deleteRange(space, { key: "k3", end: undefined, prevKv: false });
    space.store.compact(30);
    space.store.sweep(sweep);
    txn(space, { compare: [], success: [putOp("end", last)], failure: [] });
    return hashKv(space.store, 0);
  };
  assert.equal(build(0), build(1000));
  assert.notEqual(build(0), build(0, "y"));
});
