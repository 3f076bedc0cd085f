import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { Clock } from "@flotilla/base";
import { LINE_BYTES_MAX, parseCriLine } from "./cri-format.ts";
import { LogPump } from "./pump.ts";

const clock = { now: () => 0 } as Clock;
const SMALL = LINE_BYTES_MAX + 1; // the smallest buffer there may be
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "flotilla-pump-"));
  mkdirSync(join(dir, "raw"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const pump = () => new LogPump(join(dir, "raw"), join(dir, "log/0.log"), clock, Buffer.alloc(SMALL));
const write = (stream: string, text: string) => appendFileSync(join(dir, "raw", stream), text);
const lines = (file = "0.log") =>
  readFileSync(join(dir, "log", file), "utf8")
    .split("\n")
    .map(parseCriLine)
    .filter((l) => l !== undefined)
    .map((l) => `${l.stream} ${l.partial ? "P" : "F"} ${l.content}`);

test("both streams are followed; an unfinished line waits for its end", () => {
  const p = pump();
  assert.equal(p.pump(), false);
  assert.deepEqual(lines(), [], "the log of a container that has printed nothing");
  write("stdout", "one\ntw");
  write("stderr", "err\n");
  assert.equal(p.pump(), true);
  assert.equal(p.pump(), false);
  write("stdout", "o\nrest");
  p.pump();
  p.pump(true);
  assert.deepEqual(lines(), ["stdout F one", "stderr F err", "stdout F two", "stdout P rest"]);
  p.close();
});

test("a new pump goes on where the last one stopped", () => {
  const first = pump();
  write("stdout", "one\n");
  first.pump();
  first.close();
  write("stdout", "two\n");
  const second = pump();
  second.pump();
  assert.deepEqual(lines(), ["stdout F one", "stdout F two"]);
  second.close();
});

test("a line longer than the buffer neither blocks nor is lost", () => {
  const p = pump();
  const long = "y".repeat(SMALL * 5);
  write("stdout", `${long}\nnext\n`);
  p.pump();
  assert.equal(
    lines()
      .map((l) => l.slice("stdout F ".length))
      .join("")
      .replace("next", ""),
    long,
  );
  assert.match(lines().at(-1)!, /next$/);
  p.close();
});

test("after a rotation the next line goes to the new file", () => {
  const p = pump();
  write("stdout", "one\n");
  p.pump();
  renameSync(join(dir, "log/0.log"), join(dir, "log/0.log.1"));
  p.reopen();
  write("stdout", "two\n");
  p.pump();
  assert.deepEqual([lines("0.log.1"), lines()], [["stdout F one"], ["stdout F two"]]);
  p.close();
});
