import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, randomInt, seededRandom } from "@flotilla/base";
import { Lessor } from "./lessor.ts";
import { Store } from "./store.ts";
import { MemorySlabFile } from "./testing/slab-file.ts";
import { put } from "./txn.ts";
import { Values } from "./values.ts";

const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte);

/** Appends, releases and reads at random, beside a plain map. */
function run(random: Random, withFile: boolean): void {
  const file = withFile ? new MemorySlabFile(() => random.next() < 0.1) : undefined;
  const values = new Values({ file, resident_bytes_max: 3 << 20 });
  const kept: { slab: ReturnType<Values["append"]>; at: number; bytes: Uint8Array }[] = [];
  for (let i = 0; i < 3000; i++) {
    const size = random.next() < 0.01 ? randomInt(random, 3 << 20) : randomInt(random, 8000);
    const bytes = filled(size, randomInt(random, 256));
    const slab = values.append(size % 2 === 0 ? bytes : Buffer.from(bytes).toString("latin1"));
    if (size > 0) kept.push({ slab, at: slab.used_bytes - size, bytes });
    if (random.next() < 0.3) file?.settle();
    while (kept.length > 0 && random.next() < 0.4) {
      const [gone] = kept.splice(randomInt(random, Math.min(kept.length, 300)), 1);
      values.release(gone!.slab, gone!.bytes.length);
    }
    const some = kept[randomInt(random, kept.length || 1)];
    if (some) assert.ok(Buffer.compare(values.read(some.slab, some.at, some.bytes.length), some.bytes) === 0, `value ${i}`);
  }
  for (const v of kept) assert.ok(Buffer.compare(values.read(v.slab, v.at, v.bytes.length), v.bytes) === 0);
  for (const v of kept) values.release(v.slab, v.bytes.length);
  file?.settle();
  if (file) assert.equal(file.places, 0, "what is not in use is given back");
}

test("values read as they were written, in memory, in the file and on the way there", () => {
  for (let seed = 1; seed <= 4; seed++) run(seededRandom(seed), seed > 1);
});

test("a store keeps the memory of its values bounded, and gives places back when it is given up", () => {
  const file = new MemorySlabFile(() => false);
  const space = { store: new Store({ file, resident_bytes_max: 2 << 20 }), lessor: new Lessor() };
  for (let i = 0; i < 4000; i++) {
    put(space, { key: `k${i}`, value: filled(4000, i % 256), lease: "0", prevKv: false, ignoreValue: false, ignoreLease: false });
    file.settle();
  }
  assert.ok(file.places >= 10, `${file.places} slabs are in the file`);
  assert.equal(space.store.get("k17")!.value, Buffer.alloc(4000, 17).toString("latin1"));
  space.store.discard();
  assert.equal(file.places, 0);
});

test("after compaction what is left is gathered, and the rest given back", () => {
  const file = new MemorySlabFile(() => false);
  const space = { store: new Store({ file, resident_bytes_max: 2 << 20 }), lessor: new Lessor() };
  const write = (key: string, byte: number) =>
    put(space, { key, value: filled(10_000, byte), lease: "0", prevKv: false, ignoreValue: false, ignoreLease: false });
  // Every hundredth write is for good, the others replace each other.
  for (let i = 0; i < 10_000; i++) {
    write(i % 100 === 0 ? `kept${i}` : "busy", i % 256);
    file.settle();
  }
  space.store.compact(space.store.revision);
  while (space.store.sweep(1000));
  file.settle();
  assert.ok(file.places < 10, `${file.places} slabs for one megabyte of values`);
  for (let i = 0; i < 10_000; i += 100) assert.equal(space.store.get(`kept${i}`)!.bytes()[9999], i % 256);
});
