import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Entry } from "@flotilla/raft";
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

async function filled(options: ReturnType<typeof fresh>, entries: number): Promise<void> {
  const wal = await createWal({ ...options, meta }, 1, undefined);
  for (let i = 1; i <= entries; i++) await write(wal, { entries: [entry(i)], hardState: { term: 1, vote: 1, commit: i - 1 } });
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
  await filled(options, 5);
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
