import assert from "node:assert/strict";
import { test } from "node:test";
import { addressAt, contains, parseCidr } from "./cidr.ts";

test("a range counts its addresses", () => {
  const cidr = parseCidr("10.96.3.4/12");
  assert.equal(addressAt(cidr, 1), "10.96.0.1");
  assert.equal(addressAt(cidr, cidr.size - 1), "10.111.255.255");
  assert.equal(contains(cidr, "10.100.0.9"), true);
  assert.equal(contains(cidr, "10.112.0.0"), false);
  assert.equal(contains(cidr, "x"), false);
});

for (const bad of ["10.96.0.0", "10.96.0.0/33", "10.96.0/12", "x/12"]) test(`refuses ${bad}`, () => assert.throws(() => parseCidr(bad)));
