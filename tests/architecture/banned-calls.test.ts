import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOnly, sources } from "./sources.ts";

/** Real time, chance and the environment come in through ports; only these rooms may touch them. */
const REAL_WORLD = ["packages/process"];
/** A main wires the real ports, a launcher runs before there are any. */
const MAY = [/\/src\/main\.ts$/];

const BANNED: [RegExp, string][] = [
  [/\bDate\.now\s*\(/, "Date.now: take a Clock"],
  [/\bnew Date\(\s*\)/, "new Date(): take a Clock"],
  [/(?<![.\w])setTimeout\s*\((?!\w+:)/, "setTimeout: take a Clock"],
  [/(?<![.\w])setInterval\s*\((?!\w+:)/, "setInterval: take a Clock"],
  [/\bMath\.random\s*\(/, "Math.random: take a Random"],
  [/\bprocess\.env\b/, "process.env: take a configuration"],
  [/\bconsole\.(log|error|warn|info)\s*\(/, "console: take a Logger"],
];

test("time, chance and the environment are taken from ports", () => {
  const wrong: string[] = [];
  for (const source of sources()) {
    if (source.isTest || REAL_WORLD.includes(source.room) || MAY.some((m) => m.test(source.path))) continue;
    codeOnly(source.text)
      .split("\n")
      .forEach((line, i) => {
        for (const [pattern, why] of BANNED) if (pattern.test(line)) wrong.push(`${source.path}:${i + 1}: ${why}`);
      });
  }
  assert.deepEqual(wrong, []);
});
