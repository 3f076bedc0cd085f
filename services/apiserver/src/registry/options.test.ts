import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiError } from "@flotilla/api";
import type { Call } from "../request/call.ts";
import { integerOf, writeOptions } from "./options.ts";

const call = (verb: string, query: string) =>
  ({ info: { verb }, query: new URLSearchParams(query), userAgent: "curl/8" }) as unknown as Call;
const told = (run: () => unknown): string => {
  try {
    return JSON.stringify(run());
  } catch (error) {
    const { status, message } = error as ApiError;
    return `${status.code} ${message}`;
  }
};

const options: [verb: string, query: string, applies: boolean, expected: string | RegExp][] = [
  ["create", "", false, '{"dryRun":false,"manager":"curl","fieldValidation":"Warn","force":false}'],
  ["update", "dryRun=All&fieldManager=me", false, '{"dryRun":true,"manager":"me","fieldValidation":"Warn","force":false}'],
  ["create", "dryRun=", false, '422 CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: [""]: supported values: "All"'],
  ["delete", "dryRun=x", false, /^422 DeleteOptions.meta.k8s.io "" is invalid: dryRun/],
  ["create", `fieldManager=${"x".repeat(129)}`, false, /fieldManager: Too long: may not be more than 128 bytes$/],
  ["update", "fieldManager=%C3%BC%09", false, /^422 UpdateOptions.*invalid character U\+0009 \(at position 2\)$/],
  ["patch", "force=false", false, '422 PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch'],
  ["patch", "force=1", true, /^422 .*fieldManager: Required value: is required for apply patch$/],
  ["patch", "force=1&fieldManager=me", true, /"force":true/],
  ["create", "fieldValidation=x", false, /fieldValidation: Unsupported value: "x": supported values: "", "Ignore", "Strict", "Warn"$/],
];
for (const [verb, query, applies, expected] of options) {
  test(`${verb} ?${query}`, () => {
    const said = told(() => writeOptions(call(verb, query), applies));
    if (typeof expected === "string") assert.equal(said, expected);
    else assert.match(said, expected);
  });
}

const integers: [text: string, expected: string][] = [
  ["5", "5"],
  ["-1", "-1"],
  ["", '400 strconv.ParseInt: parsing "": invalid syntax'],
  ["0x2", '400 strconv.ParseInt: parsing "0x2": invalid syntax'],
  ["99999999999999999999", '400 strconv.ParseInt: parsing "99999999999999999999": value out of range'],
];
for (const [text, expected] of integers) {
  test(`limit=${text}`, () =>
    assert.equal(
      told(() => integerOf(new URLSearchParams({ limit: text }), "limit")),
      expected,
    ));
}
