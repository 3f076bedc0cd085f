import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pauseBinary } from "./pause.ts";

const skip = process.getuid?.() !== 0 ? "needs root" : false;

test("both processors get a small, well-formed ELF file", () => {
  for (const [machine, number] of [
    ["x64", 62],
    ["arm64", 183],
  ] as const) {
    const file = pauseBinary(machine);
    assert.equal(file.subarray(0, 4).toString("latin1"), "\x7fELF");
    assert.equal(file.readUInt16LE(18), number);
    assert.equal(Number(file.readBigUInt64LE(96)), file.length, "the segment is the whole file");
    assert.ok(file.length < 600);
  }
  assert.throws(() => pauseBinary("mips"), /known: x64, arm64/);
});

test("arm64 code: the instructions that carry addresses and jumps", () => {
  const file = pauseBinary("arm64");
  const words = Array.from({ length: (file.length - 120 - 72) / 4 }, (_, i) => file.readUInt32LE(120 + i * 4));
  assert.equal(words[0], 0xd2800220, "movz x0, #17: SIGCHLD");
  assert.ok(words.filter((w) => w === 0xd4000001).length === 9, "nine system calls");
  const dataAt = 0x400000 + 120 + words.length * 4;
  const movz = words[1]!;
  const movk = words[2]!;
  assert.equal(((movz >>> 5) & 0xffff) | (((movk >>> 5) & 0xffff) << 16), dataAt, "the sigaction's address");
  const last = words.at(-1)!;
  assert.equal(last >>> 26, 0b000101, "an unconditional branch at the end");
  assert.equal(last | ~0x3ffffff, -7, "back by seven instructions, to the start of the wait");
});

test("it names the host, brings lo up, reaps children and closes descriptor 3", { skip }, async () => {
  const dir = mkdtempSync(join(tmpdir(), "flotilla-pause-"));
  const path = join(dir, "pause");
  writeFileSync(path, pauseBinary(process.arch), { mode: 0o755 });
  const child = spawn("unshare", ["--net", "--uts", "--", path, "some-host"], { stdio: ["ignore", "ignore", "inherit", "pipe"] });
  await new Promise((resolve) => child.stdio[3]!.on("end", resolve).on("data", () => {}));
  const inside = (...args: string[]) => execFileSync("nsenter", [`--target=${child.pid}`, "--net", "--uts", ...args], { encoding: "utf8" });
  assert.notEqual(readlinkSync(`/proc/${child.pid}/ns/net`), readlinkSync("/proc/self/ns/net"));
  assert.equal(inside("uname", "-n").trim(), "some-host");
  assert.match(inside("ip", "-br", "addr", "show", "lo"), /127\.0\.0\.1\/8/);
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  rmSync(dir, { recursive: true });
});
