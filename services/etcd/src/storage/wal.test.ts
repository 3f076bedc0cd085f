import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { seededRandom } from "@flotilla/base";
import { systemClock } from "@flotilla/process/system-clock.ts";
import type { Entry } from "@flotilla/raft";
import { faultyDisk } from "../faults/disk.ts";
import { type DiskFaults, Faults, HEALTHY } from "../faults/state.ts";
import { nodeDisk } from "./disk.ts";
import { createWal, type Wal, type WalBatch } from "./wal.ts";
import { CorruptLogError, openWal } from "./wal-reader.ts";

const root = mkdtempSync(join(tmpdir(), "wal-test-"));
after(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

const fresh = (segment_bytes_max?: number) => ({
  disk: nodeDisk(),
  folder: join(root, String(count++)),
  segment_bytes_max,
  onFailure: (error: Error) => {
    throw error;
  },
});
const meta = { memberId: "1", clusterId: "2" };
const entry = (index: number, term = 1, data = `data ${index}`): Entry => ({ index, term, kind: "normal", data: Buffer.from(data) });
const write = (wal: Wal, batch: Partial<WalBatch>) =>
  new Promise<void>((resolve) => wal.append({ hardState: undefined, entries: [], restored: undefined, sync: true, ...batch }, resolve));
const lastFile = (folder: string) => join(folder, readdirSync(folder).sort().at(-1)!);

async function filled(options: ReturnType<typeof fresh>, entries: number, behind = 1, data?: string): Promise<void> {
  const wal = await createWal({ ...options, meta }, 1, undefined);
  for (let i = 1; i <= entries; i++) {
    await write(wal, { entries: [entry(i, 1, data)], hardState: { term: 1, vote: 1, commit: Math.max(0, i - behind) } });
  }
  await wal.close();
}

test("what was written is read again, over several segments", async () => {
  const options = fresh(300);
  await filled(options, 20);
  assert.ok(readdirSync(options.folder).length > 3);
  const { contents, wal } = (await openWal(options, 0))!;
  assert.deepEqual(contents.meta, meta);
  assert.deepEqual(contents.hardState, { term: 1, vote: 1, commit: 19 });
  assert.deepEqual(
    contents.entries.map((e) => e.index),
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  await write(wal, { entries: [entry(21)] });
  wal.purge(12);
  await wal.close();
  const again = (await openWal(options, 12))!;
  assert.deepEqual(
    again.contents.entries.map((e) => e.index),
    [13, 14, 15, 16, 17, 18, 19, 20, 21],
  );
  await again.wal.close();
});

test("later entries replace earlier ones of the same index and all behind", async () => {
  const options = fresh();
  await filled(options, 5, 3);
  const { wal } = (await openWal(options, 0))!;
  await write(wal, { entries: [entry(3, 2, "new")] });
  await wal.close();
  const { contents, wal: again } = (await openWal(options, 0))!;
  assert.deepEqual(
    contents.entries.map((e) => [e.index, e.term]),
    [
      [1, 1],
      [2, 1],
      [3, 2],
    ],
  );
  await again.close();
});

test("a torn end is cut off at every length, and nothing before it is lost", async () => {
  const options = fresh();
  await filled(options, 3);
  const whole = readFileSync(lastFile(options.folder));
  const { contents } = await reopen(options);
  assert.equal(contents.entries.length, 3);
  const lastRecordAt = whole.length - 16 - 24 - 16 - 17 - "data 3".length;
  for (let length = lastRecordAt; length < whole.length; length++) {
    writeFileSync(lastFile(options.folder), whole.subarray(0, length));
    const read = await reopen(options);
    assert.ok(read.contents.entries.length >= 2, `cut to ${length} bytes`);
  }
});

test("the log goes on behind a torn end", async () => {
  const options = fresh();
  await filled(options, 3);
  truncateSync(lastFile(options.folder), readFileSync(lastFile(options.folder)).length - 45);
  const { wal, contents } = (await openWal(options, 0))!;
  assert.equal(contents.entries.length, 2);
  await write(wal, { entries: [entry(3, 2)] });
  await wal.close();
  assert.deepEqual(
    (await reopen(options)).contents.entries.map((e) => e.term),
    [1, 1, 2],
  );
});

test("sectors that never reached the disk count as torn", async () => {
  const options = fresh();
  await filled(options, 2);
  appendFileSync(lastFile(options.folder), Buffer.alloc(4096));
  assert.equal((await reopen(options)).contents.entries.length, 2);
});

test("a flipped bit anywhere is refused, named by file and offset", async () => {
  const options = fresh();
  await filled(options, 3);
  const file = lastFile(options.folder);
  const whole = readFileSync(file);
  for (let at = 0; at < whole.length; at += 7) {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 0x10;
    writeFileSync(file, damaged);
    await assert.rejects(
      openWal(options, 0),
      (e) => e instanceof CorruptLogError && e.message.includes(file) && /offset \d+/.test(e.message),
      `byte ${at}`,
    );
  }
});

test("what looks torn is refused when something was written behind it after a sync", async () => {
  const zeros = "\0".repeat(1000) + "x".repeat(1000);
  const damages: [string, (log: Buffer) => void][] = [
    ["a sector is gone", (log) => void log.fill(0, 1536, 2048)],
    ["a bit is flipped in a record that holds an empty sector", (log) => void (log[80]! ^= 1)],
    ["the beginning is gone", (log) => void log.fill(0, 0, 512)],
    ["a length is wrong", (log) => void log.writeUInt32LE(1 << 20, log.indexOf(zeros) - 17 - 16)],
  ];
  for (const [what, damage] of damages) {
    const options = fresh();
    await filled(options, 4, 1, zeros);
    const file = lastFile(options.folder);
    const log = readFileSync(file);
    damage(log);
    writeFileSync(file, log);
    await assert.rejects(openWal(options, 0), (e) => e instanceof CorruptLogError && e.message.includes(file), what);
  }
});

test("a segment that was cut short when it was begun is begun again", async () => {
  const options = fresh(300);
  await filled(options, 20);
  const last = lastFile(options.folder);
  const whole = readFileSync(last);
  for (let length = 0; length < 100; length += 9) {
    writeFileSync(last, whole.subarray(0, length));
    const { wal, contents } = (await openWal(options, 0))!;
    const next = contents.entries.length + 1;
    await write(wal, { entries: [entry(next)] });
    await wal.close();
    // The reader may begin at this very segment once the others are purged.
    const again = (await openWal(options, next - 1))!;
    assert.deepEqual([again.contents.meta, again.contents.entries.map((e) => e.index)], [meta, [next]], `${length} bytes`);
    assert.ok(again.contents.hardState!.commit >= next - 2);
    await again.wal.close();
  }
});

test("a log that ends before what it says is committed is refused", async () => {
  const options = fresh();
  await filled(options, 3);
  const { wal } = (await openWal(options, 0))!;
  await write(wal, { hardState: { term: 1, vote: 1, commit: 7 } });
  await wal.close();
  await assert.rejects(openWal(options, 0), /the log ends at entry 3, before the commit 7/);
});

test("after a failed write or sync nothing is acknowledged and nothing more is written; what was acknowledged is there again", async () => {
  const failures: [Partial<DiskFaults>, string][] = [
    [{ syncFailure_permille: 1000 }, "EIO"],
    [{ full: true, fullAfter_bytes: 10 }, "ENOSPC"],
    [{ full: true, fullAfter_bytes: 0 }, "ENOSPC"],
  ];
  for (const [disk, code] of failures) {
    const faults = new Faults();
    const errors: unknown[] = [];
    const plain = fresh();
    const ports = { clock: systemClock, random: seededRandom(1) };
    const options = {
      ...plain,
      disk: faultyDisk(plain.disk, faults, ports),
      onFailure: (e: Error) => void errors.push((e as NodeJS.ErrnoException).code),
    };
    const wal = await createWal({ ...options, meta }, 1, undefined);
    await write(wal, { entries: [entry(1)] });
    faults.set({ disk: { ...HEALTHY.disk, ...disk } });
    let acknowledged = 0;
    for (let i = 2; i < 5; i++) void write(wal, { entries: [entry(i)] }).then(() => acknowledged++);
    await new Promise((resolve) => setTimeout(resolve, 30));
    faults.clear();
    void write(wal, { entries: [entry(5)] }).then(() => acknowledged++);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.deepEqual([acknowledged, errors], [0, [code]]);
    await wal.close();
    const { contents } = await reopen(plain);
    assert.equal(contents.entries[0]!.index, 1);
    assert.ok(contents.entries.length < 5);
  }
});

test("many batches share one sync", async () => {
  const options = fresh();
  const wal = await createWal({ ...options, meta }, 1, undefined);
  let syncs = 0;
  wal.onSync = () => {
    syncs++;
    return () => {};
  };
  const order: number[] = [];
  await Promise.all(Array.from({ length: 50 }, (_, i) => write(wal, { entries: [entry(i + 1)] }).then(() => order.push(i))));
  assert.ok(syncs <= 3, `${syncs} syncs for 50 batches`);
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  );
  await wal.close();
});

async function reopen(options: ReturnType<typeof fresh>) {
  const opened = (await openWal(options, 0))!;
  await opened.wal.close();
  return opened;
}
