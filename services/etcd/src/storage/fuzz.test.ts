import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@flotilla/base";
import fc from "fast-check";
import { Machine } from "../node/machine.ts";
import { damaged, fuzz, memoryDisk } from "../testing/fuzz.ts";
import { encodeRecord, readRecord } from "./record.ts";
import { exportSnapshot, SnapshotImporter } from "./snapshot.ts";
import { SnapshotFiles } from "./snapshot-files.ts";
import { createWal, type Wal, type WalBatch } from "./wal.ts";
import { openWal } from "./wal-reader.ts";

const RUNS = 400;
const FOLDER = "/wal";
const options = (disk: ReturnType<typeof memoryDisk>) => ({
  disk,
  folder: FOLDER,
  segment_bytes_max: 900,
  onFailure: (error: Error) => assert.fail(error),
});
const write = (wal: Wal, batch: Partial<WalBatch>) =>
  new Promise<void>((resolve) => wal.append({ hardState: undefined, entries: [], restored: undefined, sync: true, ...batch }, resolve));

const ENTRIES = 24;
const dataOf = (index: number) => `data of entry ${index} `.repeat(1 + (index % 4));

/** A log of several segments, each batch synced. */
async function filled(): Promise<Map<string, Buffer>> {
  const disk = memoryDisk();
  const wal = await createWal({ ...options(disk), meta: { memberId: "1", clusterId: "2" } }, 1, undefined);
  for (let index = 1; index <= ENTRIES; index++) {
    const entry = { index, term: 1, kind: "normal" as const, data: Buffer.from(dataOf(index)) };
    await write(wal, { entries: [entry], hardState: { term: 1, vote: 1, commit: index - 1 } });
  }
  await wal.close();
  return disk.files;
}

/** Reads the log; the indexes of its entries, or the name of the error. */
async function read(files: Map<string, Buffer>): Promise<number[] | string> {
  try {
    const opened = await openWal(options(memoryDisk(files)), 0);
    return (opened?.contents.entries ?? []).map((e) => {
      assert.equal(Buffer.from(e.data).toString(), dataOf(e.index), "an entry is what was written, or is not there");
      return e.index;
    });
  } catch (error) {
    return (error as Error).name;
  }
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

test("a log cut off anywhere in its last segment is read up to there, or refused because more was committed", async () => {
  const files = await filled();
  const last = [...files.keys()].sort().at(-1)!;
  const whole = files.get(last)!;
  for (let length = 0; length <= whole.length; length++) {
    const got = await read(new Map(files).set(last, whole.subarray(0, length)));
    if (got === "CorruptLogError") continue;
    assert.deepEqual(got, upTo(got.length), `cut at ${length}`);
  }
  assert.deepEqual(await read(files), upTo(ENTRIES));
});

test("a log with any damage is refused by name, or read in part; never with a wrong entry, never with a crash", async () => {
  const files = await filled();
  const names = [...files.keys()].sort();
  const file = fc.integer({ min: 0, max: names.length - 1 });
  await fc.assert(
    fc.asyncProperty(
      file.chain((i) => fc.record({ i: fc.constant(i), bytes: damaged([files.get(names[i]!)!]) })),
      async ({ i, bytes }) => {
        const got = await read(new Map(files).set(names[i]!, bytes));
        if (typeof got === "string") assert.equal(got, "CorruptLogError");
        else assert.deepEqual(got, upTo(got.length));
      },
    ),
    { numRuns: RUNS },
  );
});

test("records whose checksum is right and whose contents are not are refused by name", async () => {
  const files = await filled();
  const last = [...files.keys()].sort().at(-1)!;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 6 }), fc.uint8Array({ maxLength: 60 }), async (type, payload) => {
      const got = await read(new Map(files).set(last, Buffer.concat([files.get(last)!, encodeRecord(type, payload)])));
      if (typeof got === "string") assert.equal(got, "CorruptLogError");
    }),
    { numRuns: RUNS },
  );
});

test("a record's length is believed only with its checksum, and never beyond the data", () => {
  const good = encodeRecord(2, Buffer.from("payload"));
  fuzz((b) => readRecord(b, 0), [good, Buffer.concat([good, good])], { errors: [] });
});

/** A machine with a little of everything. */
function snapshotPieces(): Buffer[] {
  const machine = new Machine(2);
  machine.members.set(1, { id: 1, name: "m1", peerURLs: ["http://a:1"], clientURLs: [], isLearner: false });
  machine.lessor.grant("77", 60, 0);
  for (let i = 0; i < 12; i++) {
    machine.store.begin();
    const value = `value ${i}`.repeat(1 + (i % 3));
    machine.store.put(`key${i % 5}`, value as never, i % 2 ? "77" : "0");
    machine.store.commit();
  }
  const meta = { index: 9, term: 2, conf: { voters: [1], outgoing: [], learners: [], learnersNext: [] } };
  return [...exportSnapshot(machine, meta, "5")];
}

test("a damaged snapshot stream is refused", () => {
  const pieces = snapshotPieces();
  const whole = Buffer.concat(pieces);
  const load = (bytes: Buffer) => {
    const importer = new SnapshotImporter(2);
    for (let at = importer.read(bytes, 0); at !== 0; ) at = importer.read(bytes, at);
    return importer.complete ? importer.machine.store.revision : "incomplete";
  };
  assert.equal(load(whole), 13);
  fuzz(load, [whole], { errors: ["Error"] });
});

test("pieces with right checksums in any order are a snapshot or refused", () => {
  const pieces = snapshotPieces();
  const forged = fc.tuple(fc.constantFrom(101, 102, 103, 104, 105), fc.uint8Array({ maxLength: 40 })).map(([t, p]) => encodeRecord(t, p));
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...pieces), forged), { maxLength: 8 }), (chosen) => {
      const bytes = Buffer.concat(chosen);
      const importer = new SnapshotImporter(2);
      try {
        for (let at = importer.read(bytes, 0); at !== 0; ) at = importer.read(bytes, at);
      } catch (error) {
        assert.ok(["Error", "WireError"].includes((error as Error).name), (error as Error).stack);
      }
    }),
    { numRuns: RUNS },
  );
});

test("a damaged snapshot file is not loaded", async () => {
  const whole = Buffer.concat(snapshotPieces());
  const name = `/snap/${"2".padStart(16, "0")}-${"9".padStart(16, "0")}.snap`;
  fc.assert(
    fc.property(damaged([whole]), (bytes) => {
      const files = new SnapshotFiles(memoryDisk(new Map([[name, bytes]])), "/snap", silentLogger);
      try {
        const newest = files.newest(2);
        if (newest) assert.equal(newest.machine.store.revision, 13);
      } catch (error) {
        assert.equal((error as Error).name, "CorruptSnapshotError");
      }
    }),
    { numRuns: RUNS },
  );
});
