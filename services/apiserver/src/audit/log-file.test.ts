import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { FakeClock } from "@flotilla/testing";
import { LogFile, type LogFileOptions } from "./log-file.ts";

const LINE = (i: number) => `line ${i} ${"x".repeat(10)}\n`;

async function inFolder(run: (folder: string, open: (more: Partial<LogFileOptions>) => LogFile, clock: FakeClock) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), "audit-"));
  const clock = new FakeClock();
  const defaults = { path: join(folder, "audit.log"), maxSize_bytes: 20, maxBackups: 0, maxAge_ms: 0, compress: false };
  try {
    await run(folder, (more) => new LogFile(clock, { ...defaults, ...more }), clock);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("a full file makes room, and only so many stay", () =>
  inFolder(async (folder, open, clock) => {
    const file = open({ maxBackups: 2 });
    for (let i = 0; i < 5; i++) {
      await file.write(LINE(i));
      clock.advance(1000);
    }
    await file.close();
    const names = readdirSync(folder).sort();
    assert.deepEqual(names, ["audit-2025-01-01T00-00-03.000.log", "audit-2025-01-01T00-00-04.000.log", "audit.log"]);
    assert.equal(readFileSync(join(folder, "audit.log"), "utf8"), LINE(4));
  }));

test("old ones go by age; other files of the folder stay", () =>
  inFolder(async (folder, open, clock) => {
    const other = open({ path: join(folder, "audit-other.log") });
    await other.write(LINE(0));
    const file = open({ maxAge_ms: 5_000 });
    for (let i = 0; i < 4; i++) {
      await file.write(LINE(i));
      clock.advance(3_000);
    }
    await Promise.all([file.close(), other.close()]);
    assert.deepEqual(readdirSync(folder).sort(), [
      "audit-2025-01-01T00-00-06.000.log",
      "audit-2025-01-01T00-00-09.000.log",
      "audit-other.log",
      "audit.log",
    ]);
  }));

test("turned over twice within a millisecond nothing is overwritten, compressed or not", async () => {
  for (const compress of [false, true]) {
    await inFolder(async (folder, open) => {
      const file = open({ compress });
      await Promise.all(Array.from({ length: 20 }, (_, i) => file.write(LINE(i))));
      await file.close();
      const names = readdirSync(folder).sort();
      assert.equal(names.length, 20);
      assert.equal(names.filter((name) => name.endsWith(".gz")).length, compress ? 19 : 0);
      const text = (name: string) => {
        const bytes = readFileSync(join(folder, name));
        return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
      };
      assert.deepEqual(
        names.map(text),
        Array.from({ length: 20 }, (_, i) => LINE(i)),
      );
    });
  }
});

test("a full disk is the line's loss, not the process's", { skip: !existsSync("/dev/full") && "no /dev/full here" }, async () => {
  const file = new LogFile(new FakeClock(), { path: "/dev/full", maxSize_bytes: 0, maxBackups: 0, maxAge_ms: 0, compress: false });
  await assert.rejects(file.write(LINE(1)), /ENOSPC/);
  await assert.rejects(file.write(LINE(2)), /ENOSPC/);
  await file.close();
});

test("a file that cannot be opened is said at once", () =>
  inFolder(async (folder, open) => {
    assert.throws(() => open({ path: folder }), /EISDIR/);
  }));
