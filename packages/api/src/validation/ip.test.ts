import assert from "node:assert/strict";
import { test } from "node:test";
import { isStrictSubset, parseCidr, parseIp } from "./ip.ts";

const ADDRESSES: [string, bigint | undefined][] = [
  ["10.0.0.1", 0x0a000001n],
  ["256.0.0.1", undefined],
  ["10.0.0.01", undefined],
  ["::1", 1n],
  ["::ffff:10.0.0.1", 0xffff0a000001n],
  ["2001:db8::", 0x20010db8n << 96n],
  ["1:2:3:4:5:6:7:8", 0x00010002000300040005000600070008n],
  ["1:2:3:4:5:6:7:8::", undefined],
  ["1::2::3", undefined],
  ["x", undefined],
];
for (const [text, value] of ADDRESSES) test(`address ${text}`, () => assert.equal(parseIp(text)?.value, value));

const SUBSETS: [string, string, boolean][] = [
  ["10.1.0.0/16", "10.0.0.0/8", true],
  ["10.0.0.0/8", "10.0.0.0/8", false],
  ["11.0.0.0/16", "10.0.0.0/8", false],
  ["2001:db8:1::/48", "2001:db8::/32", true],
  ["10.1.0.0/16", "::/0", false],
];
for (const [inner, outer, expected] of SUBSETS) {
  test(`${inner} within ${outer}: ${expected}`, () => assert.equal(isStrictSubset(parseCidr(inner)!, parseCidr(outer)!), expected));
}
test("what is no network", () =>
  assert.deepEqual(["10.0.0.0", "10.0.0.0/33", "10.0.0.0/8/1", "/8"].map(parseCidr), Array(4).fill(undefined)));
