import assert from "node:assert/strict";
import { test } from "node:test";
import { LINE_BYTES_MAX, parseCriLine, toCriLines } from "./cri-format.ts";

const T = "2024-05-06T07:08:09.123000000Z";
const NOW = Date.parse(T);

function check(raw: string, final: boolean, lines: string[], consumed: number): void {
  const result = toCriLines(Buffer.from(raw), "stdout", NOW, final);
  assert.deepEqual(result.text.toString().split("\n").slice(0, -1), lines);
  assert.equal(result.consumed, consumed);
}

test("complete lines are written, an unfinished one waits or is marked partial", () => {
  check("", false, [], 0);
  check("a\nb\n", false, [`${T} stdout F a`, `${T} stdout F b`], 4);
  check("a\n\nb", false, [`${T} stdout F a`, `${T} stdout F `], 3);
  check("a\nb", true, [`${T} stdout F a`, `${T} stdout P b`], 3);
});

test("a long line goes out in parts that add up to it", () => {
  const long = "x".repeat(LINE_BYTES_MAX * 2 + 5);
  const { text, consumed } = toCriLines(Buffer.from(`${long}\n`), "stderr", NOW, false);
  const lines = text
    .toString()
    .trimEnd()
    .split("\n")
    .map((l) => parseCriLine(l)!);
  assert.equal(consumed, long.length + 1);
  assert.deepEqual(
    lines.map((l) => l.partial),
    [true, true, false],
  );
  assert.equal(lines.map((l) => l.content).join(""), long);
});

test("a line is parsed with its time, stream and tags; others are not lines", () => {
  assert.deepEqual(parseCriLine(`${T} stderr P some text`), { time: T, stream: "stderr", partial: true, content: "some text" });
  assert.deepEqual(parseCriLine(`${T} stdout F `), { time: T, stream: "stdout", partial: false, content: "" });
  assert.equal(parseCriLine("nonsense"), undefined);
  assert.equal(parseCriLine(`${T} stdin F x`), undefined);
});
