import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreError } from "./errors.ts";
import { Lessor } from "./lessor.ts";
import { Store } from "./store.ts";
import { deleteRange, put, txn } from "./txn.ts";
import type { Compare, Op } from "./types.ts";

const space = () => ({ store: new Store(), lessor: new Lessor() });
const putOp = (key: string, value = "", over = {}) => ({
  key,
  value,
  lease: "0",
  prevKv: false,
  ignoreValue: false,
  ignoreLease: false,
  ...over,
});

test("comparisons", () => {
  const s = space();
  put(s, putOp("a", "b")); // revision 2
  put(s, putOp("a", "c")); // revision 3
  const cases: [Partial<Compare>, boolean][] = [
    [{ target: "version", operand: 2 }, true],
    [{ target: "create", operand: 2 }, true],
    [{ target: "mod", operand: 3 }, true],
    [{ target: "mod", operand: 3, result: "greater" }, false],
    [{ target: "mod", operand: 2, result: "greater" }, true],
    [{ target: "value", operand: "c" }, true],
    [{ target: "value", operand: "d", result: "less" }, true],
    [{ target: "lease", operand: "0" }, true],
    [{ key: "missing", target: "mod", operand: 0 }, true],
    [{ key: "missing", target: "value", operand: "" }, false],
    [{ key: "missing", target: "version", operand: 0, result: "not-equal" }, false],
    [{ key: "a", end: "z", target: "version", operand: 1, result: "greater" }, true],
    [{ key: "x", end: "z", target: "version", operand: 0 }, true],
  ];
  for (const [over, holds] of cases) {
    const compare: Compare = { key: "a", end: undefined, target: "mod", result: "equal", operand: 0, ...over };
    assert.equal(txn(s, { compare: [compare], success: [], failure: [] }).succeeded, holds, JSON.stringify(over));
  }
});

test("a refused transaction changes nothing", () => {
  const refused: [Op[], string][] = [
    [
      [
        { kind: "put", put: putOp("a", "1") },
        { kind: "put", put: putOp("b", "1", { lease: "7" }) },
      ],
      "lease-not-found",
    ],
    [
      [
        { kind: "put", put: putOp("a", "1") },
        { kind: "put", put: putOp("b", "", { ignoreValue: true }) },
      ],
      "key-not-found",
    ],
  ];
  for (const [success, code] of refused) {
    const s = space();
    assert.throws(
      () => txn(s, { compare: [], success, failure: [] }),
      (e) => e instanceof StoreError && e.code === code,
    );
    assert.equal(s.store.revision, 1);
    assert.equal(s.store.get("a"), undefined);
  }
});

test("a transaction reads its own writes, under one revision", () => {
  const s = space();
  const all = { key: "", end: "\0", limit: 0, revision: 0, sort: undefined, countOnly: false, keysOnly: false };
  const bounds = { modRevision_min: 0, modRevision_max: 0, createRevision_min: 0, createRevision_max: 0 };
  const result = txn(s, {
    compare: [],
    success: [
      { kind: "put", put: putOp("a") },
      { kind: "put", put: putOp("b") },
      { kind: "range", range: { ...all, ...bounds } },
    ],
    failure: [],
  });
  const read = result.responses[2]!;
  assert.deepEqual(read.kind === "range" && read.range.kvs.map((v) => [v.key, v.mod]), [
    ["a", 2],
    ["b", 2],
  ]);
  assert.equal(result.revision, 2);
});

test("leases carry their keys until one of them is gone", () => {
  const s = space();
  s.lessor.grant("5", 10, 0);
  put(s, putOp("a", "1", { lease: "5" }));
  put(s, putOp("b", "1", { lease: "5" }));
  put(s, putOp("c", "1", { lease: "5" }));
  put(s, putOp("b", "2")); // let go
  deleteRange(s, { key: "c", end: undefined, prevKv: false });
  put(s, putOp("a", "3", { ignoreLease: true })); // kept
  assert.deepEqual(s.lessor.revoke("5"), ["a"]);
  assert.throws(() => s.lessor.revoke("5"), StoreError);
});

test("only a leader lets leases run out, and a new one starts their time anew", () => {
  const lessor = new Lessor(2);
  assert.equal(lessor.grant("1", 1, 0).ttl_s, 2, "not shorter than the minimum");
  assert.deepEqual(lessor.expired(1e9, 10), []);
  lessor.promote(1000, 500);
  assert.deepEqual(lessor.expired(3400, 10), []);
  assert.deepEqual(lessor.expired(3500, 10), ["1"]);
  lessor.renew("1", 3500);
  assert.deepEqual(lessor.expired(5400, 10), []);
  lessor.demote();
  assert.deepEqual(lessor.expired(1e9, 10), []);
});
