import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@flotilla/base";
import { deleteRange, hashKv, put, range } from "@flotilla/mvcc";
import fc from "fast-check";
import { Machine } from "../node/machine.ts";
import { bucketsOf, readRevisionKey, revisionKey, versionsByRevision } from "./backend.ts";
import { BoltReader } from "./bolt/reader.ts";
import { type Bucket, boltSize, writeBolt } from "./bolt/writer.ts";
import { importDatabase } from "./import.ts";

const bucket = (name: string, items: [string, string][]): Bucket => ({
  name,
  count: items.length,
  size: (i) => items[i]![0].length + items[i]![1].length,
  key: (i) => Buffer.from(items[i]![0]),
  value: (i) => Buffer.from(items[i]![1]),
});

function readBack(buckets: Bucket[]): [string, [string, string][]][] {
  const data = Buffer.concat([...writeBolt(buckets)]);
  assert.equal(data.length, boltSize(buckets));
  const reader = new BoltReader(data);
  return reader.buckets().map((name) => {
    const items: [string, string][] = [];
    reader.forEach(name, (key, value) => items.push([key.toString(), value.toString()]));
    return [name, items];
  });
}

test("a database holds what was written into it: nothing, little, much, and very long", () => {
  const key = (i: number) => `key${String(i).padStart(6, "0")}`;
  const cases: [string, string][][] = [
    [],
    [["a", "1"]],
    Array.from({ length: 5000 }, (_, i) => [key(i), `value ${i}`]),
    Array.from({ length: 30 }, (_, i) => [key(i), "x".repeat(i * 1000)]),
    // Keys so long that a branch page holds few: three levels.
    Array.from({ length: 400 }, (_, i) => [key(i) + "y".repeat(1500), ""]),
  ];
  for (const items of cases) {
    const expected = [
      ["empty", []],
      ["items", items],
    ];
    assert.deepEqual(readBack([bucket("empty", []), bucket("items", items)]), expected);
  }
});

test("a damaged database is refused by name, and never read beyond its end", () => {
  const whole = Buffer.concat([
    ...writeBolt([
      bucket(
        "items",
        Array.from({ length: 300 }, (_, i) => [`k${1000 + i}`, "v".repeat(50)]),
      ),
    ]),
  ]);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, bits, cut) => {
      const damaged = cut ? whole.subarray(0, at) : Buffer.from(whole);
      if (!cut) damaged[at]! ^= bits;
      try {
        const reader = new BoltReader(damaged);
        for (const name of reader.buckets()) reader.forEach(name, () => {});
      } catch (error) {
        assert.ok(error instanceof Error && !(error instanceof TypeError), String(error));
      }
    }),
    { numRuns: 400 },
  );
  assert.throws(() => new BoltReader(Buffer.alloc(8192)), /no meta page is whole/);
});

test("revisions sort as they follow each other", () => {
  const keys = [revisionKey(1, 0), revisionKey(1, 5), revisionKey(2, 0), revisionKey(256, 0)];
  assert.deepEqual([...keys].reverse().sort(Buffer.compare), keys);
  assert.deepEqual(readRevisionKey(Buffer.concat([revisionKey(7, 3), Buffer.from("t")])), { main: 7, sub: 3, tombstone: true });
  assert.throws(() => readRevisionKey(Buffer.from("short")), /is not a revision/);
});

/** A store with a history: overwritten, deleted, leased and compacted keys. */
function lived(seed: number): Machine {
  const random = seededRandom(seed);
  const m = new Machine(1);
  m.members.set(1, { id: 1, name: "a", peerURLs: ["http://a:1"], clientURLs: [], isLearner: false });
  m.lessor.grant("-77", 60, 0);
  m.auth.addUser("root", "hash", false);
  m.auth.addUser("cert", "", true);
  m.auth.addRole("r");
  m.auth.grantPermission("r", { kind: "write", key: "a", end: "\0" });
  m.auth.grantRole("root", "root");
  m.auth.enable();
  for (let i = 0; i < 600; i++) {
    const key = `k${Math.floor(random.next() * 40)}`;
    if (random.next() < 0.2) deleteRange(m, { key, end: undefined, prevKv: false });
    else put(m, { key, value: `v${i}\xff`, lease: i % 50 === 0 ? "-77" : "0", prevKv: false, ignoreValue: false, ignoreLease: false });
  }
  m.store.compact(Math.floor(m.store.revision * random.next()) + 1);
  m.store.sweep(Math.floor(random.next() * 400));
  return m;
}

test("a store that went through a database is the same: keys, history, leases, users", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const m = lived(seed);
    const copy = importDatabase(Buffer.concat([...writeBolt(bucketsOf(m, versionsByRevision(m.store)))]), 1);
    assert.deepEqual([copy.store.revision, copy.store.compacted], [m.store.revision, m.store.compacted]);
    assert.equal(hashKv(copy.store, 0), hashKv(m.store, 0), `seed ${seed}`);
    const all = {
      key: "",
      end: "\0",
      limit: 0,
      sort: undefined,
      countOnly: false,
      keysOnly: false,
      modRevision_min: 0,
      modRevision_max: 0,
      createRevision_min: 0,
      createRevision_max: 0,
    };
    for (let revision = m.store.compacted; revision <= m.store.revision; revision++) {
      const at = (x: Machine) =>
        range(x.store, { ...all, revision }).kvs.map((v) => [v.key, v.value, v.mod, v.sub, v.create, v.version, v.lease]);
      assert.deepEqual(at(copy), at(m), `seed ${seed} revision ${revision}`);
    }
    assert.deepEqual([...copy.lessor.get("-77")!.keys].sort(), [...m.lessor.get("-77")!.keys].sort());
    assert.deepEqual(copy.auth.export(), m.auth.export());
    assert.equal(copy.members.size, 0);
  }
});
