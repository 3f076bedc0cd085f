import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "@flotilla/process";
import { logContainerId } from "./find.ts";
import { type LogOptions, streamLog } from "./log-file.ts";

const CRI = [
  "2025-01-01T00:00:01.000000000Z stdout F one",
  "2025-01-01T00:00:02.000000000Z stderr F two",
  "2025-01-01T00:00:03.000000000Z stdout P thr",
  "2025-01-01T00:00:03.000000000Z stdout F ee",
].join("\n");
const DOCKER = [1, 2, 3].map((n) => JSON.stringify({ log: `line ${n}\n`, stream: "stdout", time: `2025-01-01T00:00:0${n}Z` })).join("\n");

async function read(text: string, options: Partial<LogOptions>): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), "kubelet-log-"));
  const path = join(dir, "0.log");
  writeFileSync(path, `${text}\n`);
  let out = "";
  const ports = { clock: systemClock, running: async () => false, write: async (data: Buffer) => void (out += data) };
  try {
    await streamLog(path, { follow: false, timestamps: false, ...options }, ports, new AbortController().signal);
  } finally {
    rmSync(dir, { recursive: true });
  }
  return out;
}

const check = (name: string, text: string, options: Partial<LogOptions>, expected: string) =>
  test(name, async () => assert.equal(await read(text, options), expected));

check("CRI's format, partial lines joined", CRI, {}, "one\ntwo\nthree\n");
check("Docker's format", DOCKER, {}, "line 1\nline 2\nline 3\n");
check("the last lines", DOCKER, { tailLines: 2 }, "line 2\nline 3\n");
check("no lines", DOCKER, { tailLines: 0 }, "");
check("more lines than there are", DOCKER, { tailLines: 9 }, "line 1\nline 2\nline 3\n");
check("a limit of bytes", DOCKER, { limitBytes: 8 }, "line 1\nl");
check("since a time", DOCKER, { since_ms: Date.parse("2025-01-01T00:00:03Z") }, "line 3\n");
check("timestamps, once for a line in parts", CRI, { timestamps: true, tailLines: 2 }, "2025-01-01T00:00:03.000000000Z three\n");

test("following reads on while the container runs, and ends after its last line", async () => {
  const dir = mkdtempSync(join(tmpdir(), "kubelet-log-"));
  const path = join(dir, "0.log");
  const line = (n: number) => `2025-01-01T00:00:00Z stdout F ${n}\n`;
  writeFileSync(path, line(1));
  let out = "";
  let running = true;
  const write = async (data: Buffer) => {
    out += data;
    if (out === "1\n") appendFileSync(path, line(2));
    if (out === "1\n2\n") {
      appendFileSync(path, line(3));
      running = false;
    }
  };
  const ports = { clock: systemClock, running: async () => running, write };
  await streamLog(path, { follow: true, timestamps: false }, ports, new AbortController().signal);
  assert.equal(out, "1\n2\n3\n");
  rmSync(dir, { recursive: true });
});

test("the tail of a big file is found without reading it whole", async () => {
  const lines = Array.from({ length: 20_000 }, (_, n) => `2025-01-01T00:00:00Z stdout F line ${n}`);
  assert.equal(await read(lines.join("\n"), { tailLines: 1 }), "line 19999\n");
  assert.equal((await read(lines.join("\n"), { tailLines: 5000 })).split("\n")[0], "line 15000");
});

test("which container's log is meant", () => {
  const pod = { metadata: { name: "p" }, spec: { containers: [{ name: "c" }] } } as never;
  const id = (status: object, previous = false) => {
    try {
      return logContainerId(pod, [{ name: "c", ...status } as never], "c", previous);
    } catch (error) {
      return (error as Error).message;
    }
  };
  const ended = { terminated: { containerID: "docker://old" } };
  assert.equal(id({ state: { running: {} }, containerID: "docker://new", lastState: ended }), "new");
  assert.equal(id({ state: { running: {} }, containerID: "docker://new", lastState: ended }, true), "old");
  assert.equal(id({ state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: ended }), "old");
  assert.equal(
    id({ state: { waiting: { reason: "ContainerCreating" } } }),
    'container "c" in pod "p" is waiting to start: ContainerCreating',
  );
  assert.equal(
    id({ state: { waiting: { reason: "ImagePullBackOff" } } }),
    'container "c" in pod "p" is waiting to start: trying and failing to pull image',
  );
  assert.equal(id({ state: { running: {} } }, true), 'previous terminated container "c" in pod "p" not found');
});
