import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@flotilla/base";
import type { Message } from "@flotilla/raft";
import { SetFaultsRequest } from "@flotilla/rpc/gen/flotilla/control/v1/faults.ts";
import { FakeClock } from "@flotilla/testing";
import type { Disk, DiskFile } from "../storage/disk.ts";
import { WireError } from "../wire/reader.ts";
import { skewedClock } from "./clock.ts";
import { decodeSetRequest, encodeSetRequest } from "./codec.ts";
import { faultyDisk } from "./disk.ts";
import { NetworkFaults } from "./network.ts";
import { type FaultSet, Faults, HEALTHY, LINK_OK, type LinkFault } from "./state.ts";

const ALL: FaultSet = {
  disk: { sync_delay_ms: 1500, syncFailure_permille: 20, full: true, fullAfter_bytes: 4096 },
  network: [
    { peer: "m1", direction: "in", cut: true, drop_permille: 0, duplicate_permille: 0, delay_permille: 0, delay_ms: 0 },
    { peer: "", direction: "out", cut: false, drop_permille: 10, duplicate_permille: 20, delay_permille: 300, delay_ms: 40 },
  ],
  clock: { offset_ms: -3000, drift_ppm: -200_000 },
};

test("requests are encoded as the generated code does", () => {
  const disk = { syncDelayMs: 1500, syncFailurePermille: 20, full: true, fullAfterBytes: 4096 };
  const links = [
    { peer: "m1", direction: 2 as const, cut: true },
    { peer: "", direction: 1 as const, dropPermille: 10, duplicatePermille: 20, delayPermille: 300, delayMs: 40 },
  ];
  const generated = SetFaultsRequest.create({ faults: { disk, network: { links }, clock: { offsetMs: -3000, driftPpm: -200_000 } } });
  const bytes = Buffer.from(SetFaultsRequest.encode(generated).finish());
  assert.deepEqual(encodeSetRequest(ALL), bytes);
  assert.deepEqual(decodeSetRequest(bytes), ALL);
});

test("what is not given is not touched, and nonsense is refused", () => {
  const faults = new Faults();
  faults.set(decodeSetRequest(encodeSetRequest({ clock: ALL.clock })));
  faults.set(decodeSetRequest(encodeSetRequest({ network: [] })));
  assert.deepEqual(faults.current, { ...HEALTHY, clock: ALL.clock });
  for (const wrong of [
    { network: [{ ...LINK_OK, drop_permille: 1001 }] },
    { disk: { ...HEALTHY.disk, sync_delay_ms: -1 } },
    { clock: { offset_ms: 0, drift_ppm: 2_000_000 } },
  ]) {
    assert.throws(() => decodeSetRequest(encodeSetRequest(wrong)), WireError);
  }
});

/** A disk in memory that remembers what it was told. */
function memory() {
  const written: string[] = [];
  let syncs = 0;
  const file: DiskFile = {
    append: async (data) => void written.push(data.toString()),
    sync: async () => void syncs++,
    close: async () => {},
  };
  const disk: Disk = {
    mkdir() {},
    list: () => [],
    read: () => Buffer.alloc(0),
    open: async () => file,
    rename: async () => {},
    remove() {},
  };
  return { disk, written, syncs: () => syncs };
}

test("a full disk takes what fits and refuses the rest; freed, it goes on", async () => {
  const faults = new Faults();
  const { disk, written } = memory();
  const file = await faultyDisk(disk, faults, { clock: new FakeClock(), random: seededRandom(1) }).open("wal", 0);
  faults.set({ disk: { ...HEALTHY.disk, full: true, fullAfter_bytes: 6 } });
  await file.append(Buffer.from("abcd"));
  await assert.rejects(file.append(Buffer.from("efgh")), { code: "ENOSPC" });
  assert.deepEqual(written, ["abcd", "ef"]);
  faults.clear();
  await file.append(Buffer.from("ijkl"));
  assert.deepEqual(written.at(-1), "ijkl");
});

test("a slow sync takes its time, until the fault is taken back; a failing one fails", async () => {
  const clock = new FakeClock();
  const faults = new Faults();
  const { disk, syncs } = memory();
  const file = await faultyDisk(disk, faults, { clock, random: seededRandom(1) }).open("wal", 0);
  faults.set({ disk: { ...HEALTHY.disk, sync_delay_ms: 3000 } });
  const first = file.sync();
  await clock.advanceAsync(2900);
  assert.equal(syncs(), 0);
  await clock.advanceAsync(200);
  await first;
  const second = file.sync();
  await clock.advanceAsync(100);
  faults.clear();
  await clock.advanceAsync(100);
  await second;
  assert.equal(syncs(), 2);
  faults.set({ disk: { ...HEALTHY.disk, syncFailure_permille: 1000 } });
  await assert.rejects(file.sync(), { code: "EIO" });
  assert.equal(syncs(), 2);
});

const message = (n: number): Message => ({ type: "read", from: 1, to: 0xa, term: 1, id: n });

/** What arrives of a hundred messages, in order, under one link fault. */
function through(fault: Partial<LinkFault>, direction: "in" | "out" = "out", seed = 7): number[] {
  const clock = new FakeClock();
  const faults = new Faults();
  faults.set({ network: [{ ...LINK_OK, ...fault }] });
  const network = new NetworkFaults(faults, { clock, random: seededRandom(seed), nameOf: (id) => (id === 0xa ? "m1" : undefined) });
  const got: number[] = [];
  for (let n = 0; n < 100; n++) {
    network.pass(direction, 0xa, [message(n)], (list) => got.push(...list.map((m) => (m as { id: number }).id)));
    clock.advance(1);
  }
  clock.advance(1000);
  return got;
}

test("messages are cut, dropped, repeated and overtaken, by peer and direction", () => {
  const all = Array.from({ length: 100 }, (_, n) => n);
  const sorted = (list: number[]) => list.toSorted((a, b) => a - b);
  const rows: [Partial<LinkFault>, (got: number[]) => boolean][] = [
    [{}, (got) => got.join() === all.join()],
    [{ cut: true }, (got) => got.length === 0],
    [{ cut: true, peer: "m1" }, (got) => got.length === 0],
    [{ cut: true, peer: "a" }, (got) => got.length === 0],
    [{ cut: true, peer: "m2" }, (got) => got.length === 100],
    [{ cut: true, direction: "in" }, (got) => got.length === 100],
    [{ drop_permille: 300 }, (got) => got.length > 50 && got.length < 90 && got.join() === sorted(got).join()],
    [{ duplicate_permille: 500, delay_ms: 5 }, (got) => got.length > 130 && new Set(got).size === 100],
    [{ delay_permille: 300, delay_ms: 50 }, (got) => sorted(got).join() === all.join() && got.join() !== all.join()],
  ];
  for (const [fault, holds] of rows) assert.ok(holds(through(fault)), `${JSON.stringify(fault)}: ${through(fault)}`);
  assert.deepEqual(through({ cut: true, direction: "in" }, "in"), []);
});

test("the same seed gives the same faults", () => {
  const bad = { drop_permille: 200, duplicate_permille: 200, delay_permille: 200, delay_ms: 30 };
  assert.deepEqual(through(bad, "out", 3), through(bad, "out", 3));
  assert.notDeepEqual(through(bad, "out", 3), through(bad, "out", 4));
});

test("a skewed clock is off and drifts, its monotonic time never jumps, its timers follow", () => {
  const inner = new FakeClock(1_000_000);
  const faults = new Faults();
  const clock = skewedClock(inner, faults);
  assert.deepEqual([clock.now(), clock.monotonic()], [1_000_000, 0]);
  faults.set({ clock: { offset_ms: -5000, drift_ppm: 1_000_000 } });
  assert.deepEqual([clock.now(), clock.monotonic()], [995_000, 0]);
  let rounds = 0;
  const timer = clock.setInterval(() => rounds++, 100);
  inner.advance(1000);
  assert.deepEqual([clock.now(), clock.monotonic(), rounds], [997_000, 2000, 20]);
  faults.clear();
  assert.deepEqual([clock.now(), clock.monotonic()], [1_002_000, 2000]);
  inner.advance(1000);
  assert.equal(clock.monotonic(), 3000);
  timer.cancel();
  const before = rounds;
  inner.advance(1000);
  assert.equal(rounds, before);
});
