import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { systemClock } from "@flotilla/process";
import { runProgram } from "./program.ts";

const home = mkdtempSync(join(tmpdir(), "flotilla-cli-"));
after(() => rmSync(home, { recursive: true }));

async function cli(...argv: string[]): Promise<{ code: number; text: string }> {
  let text = "";
  const write = (part: string) => void (text += part);
  const around = { home, path: "", dist: "/nowhere", isTerminal: false };
  return { code: await runProgram({ around, clock: systemClock, print: write, tell: write }, argv), text };
}

/** Command line, exit code, what must be said. */
const CASES: [string, number, RegExp][] = [
  ["--help", 0, /up .*bring up a cluster/],
  ["--version", 0, /\d+\.\d+\.\d+/],
  ["up --help", 0, /--control-planes <n>/],
  ["kill --help", 0, /store-leader/],
  ["nonsense", 2, /unknown command 'nonsense'/],
  ["up --workers many", 2, /Use a whole number from 0 to 200/],
  ["up --runtime podman", 2, /Allowed choices are docker, process/],
  ["up --name UPPER", 2, /--name "UPPER": use up to 32 lower-case letters/],
  ["status -o yaml", 2, /use text or json/],
  ["kill", 2, /missing required argument 'target'/],
  [`status --state-dir /${"long/".repeat(20)}`, 2, /too long a path for unix sockets/],
  ["status", 1, /there is no cluster "flotilla"; make it with: flotilla up/],
  ["status --name b", 1, /flotilla up --name b/],
  ["down", 0, /nothing to do/],
];
for (const [line, code, said] of CASES) {
  test(`flotilla ${line.slice(0, 40)}`, async () => {
    const result = await cli(...line.split(" "));
    assert.match(result.text, said);
    assert.equal(result.code, code);
  });
}
