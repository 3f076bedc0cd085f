import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "@flotilla/raft";
import * as authpb from "@flotilla/rpc/gen/etcd/auth.ts";
import * as kvpb from "@flotilla/rpc/gen/etcd/kv.ts";
import * as rpc from "@flotilla/rpc/gen/etcd/rpc.ts";
import * as electionpb from "@flotilla/rpc/gen/etcd/v3election.ts";
import * as lockpb from "@flotilla/rpc/gen/etcd/v3lock.ts";
import { Batch, type Message as WireMessage } from "@flotilla/rpc/gen/flotilla/raft/v1/raft.ts";
import fc from "fast-check";
import { readBatch, writeBatch } from "../peer/codec.ts";
import { WireError } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import { deleteOf, putOf, rangeOf, txnOf } from "./kv-requests.ts";
import { decode, encode, type MessageName, messageNames } from "./tables.ts";

type Codec = { encode(m: any): { finish(): Uint8Array }; decode(b: Uint8Array): any; create(m?: any): any };
const generated = { ...rpc, ...authpb, ...kvpb, ...lockpb, ...electionpb } as unknown as Record<string, Codec>;

/** A value for every field of a generated message, different from its default. */
function filled(name: string): any {
  const sample = generated[name]!.create();
  const out: any = {};
  for (const [field, value] of Object.entries(sample)) {
    if (field === "header") out[field] = { clusterId: "18446744073709551615", memberId: "42", revision: 7, raftTerm: 3 };
    else if (typeof value === "number") out[field] = field === "filters" ? [1] : 300;
    else if (typeof value === "boolean") out[field] = true;
    else if (typeof value === "string")
      out[field] = /id$/i.test(field) || field === "leader" || field === "lease" ? "9007199254740993" : "text ü";
    else if (Buffer.isBuffer(value)) out[field] = Buffer.from([0, 1, 255]);
    else if (field === "member") out[field] = filled("Member");
    else if (field === "perm") out[field] = Array.isArray(value) ? [filled("Permission")] : filled("Permission");
    else if (field === "options") out[field] = { noPassword: true };
    else if (field === "leader") out[field] = filled("LeaderKey");
    else if (field === "kv") out[field] = filled("KeyValue");
    else if (field === "members") out[field] = [filled("Member"), filled("Member")];
    else if (field === "leases") out[field] = [{ ID: "5" }];
    else if (field === "alarms") out[field] = [{ memberID: "5", alarm: 1 }];
    else if (field === "filters") out[field] = [0, 1];
    else if (field === "keys") out[field] = [Buffer.from("k"), Buffer.alloc(0)];
    else if (Array.isArray(value)) out[field] = ["http://a:1", "", "http://b:2"];
    else throw new Error(`${name}.${field} has a type the test does not know`);
  }
  return out;
}

for (const name of messageNames) {
  test(`${name} is encoded as the generated code does`, () => {
    const value = filled(name);
    const bytes = Buffer.from(generated[name]!.encode(value).finish());
    assert.deepEqual(Buffer.from(encode(name, value).finish()), bytes);
    assert.deepEqual(decode(name, bytes), generated[name]!.decode(bytes));
    assert.deepEqual(decode(name, Buffer.alloc(0)), generated[name]!.decode(Buffer.alloc(0)));
  });
}

test("KV requests are read as the generated code writes them", () => {
  const key = Buffer.from([0x6b, 0, 0xff]);
  const put = rpc.PutRequest.encode(
    rpc.PutRequest.create({ key, value: Buffer.from("v"), lease: "-5", prevKv: true, ignoreLease: true }),
  ).finish();
  assert.deepEqual(putOf(Buffer.from(put)), {
    key: "k\0\xff",
    value: Buffer.from("v"),
    lease: "-5",
    prevKv: true,
    ignoreValue: false,
    ignoreLease: true,
  });
  const range = rpc.RangeRequest.create({
    key,
    rangeEnd: Buffer.from("z"),
    limit: 5,
    revision: 9,
    sortOrder: 2,
    sortTarget: 3,
    countOnly: true,
    minModRevision: 2,
  });
  const q = rangeOf(Buffer.from(rpc.RangeRequest.encode(range).finish()));
  assert.deepEqual(
    [q.key, q.end, q.limit, q.revision, q.sort, q.countOnly, q.modRevision_min],
    ["k\0\xff", "z", 5, 9, { target: "mod", descending: true }, true, 2],
  );
  const del = rpc.DeleteRangeRequest.encode(rpc.DeleteRangeRequest.create({ key, rangeEnd: Buffer.from([0]), prevKv: true })).finish();
  assert.deepEqual(deleteOf(Buffer.from(del)), { key: "k\0\xff", end: "\0", prevKv: true });
  const txn = rpc.TxnRequest.create({
    compare: [
      { key, target: 2, result: 0, targetUnion: { $case: "modRevision", value: 12 } },
      { key, target: 3, result: 3, rangeEnd: Buffer.from("z"), targetUnion: { $case: "value", value: Buffer.from("x") } },
    ],
    success: [{ request: { $case: "requestPut", value: { key, value: Buffer.from("1") } } }],
    failure: [{ request: { $case: "requestTxn", value: { success: [{ request: { $case: "requestRange", value: { key } } }] } } }],
  });
  const t = txnOf(Buffer.from(rpc.TxnRequest.encode(txn).finish()));
  assert.deepEqual(t.compare, [
    { result: "equal", target: "mod", key: "k\0\xff", end: undefined, operand: 12 },
    { result: "not-equal", target: "value", key: "k\0\xff", end: "z", operand: "x" },
  ]);
  assert.equal(t.success[0]!.kind, "put");
  assert.equal(t.failure[0]!.kind === "txn" && t.failure[0]!.txn.success[0]!.kind, "range");
});

const conf = { voters: [1, 2], outgoing: [1], learners: [3], learnersNext: [] };
const entry = { index: 5, term: 2, kind: "conf" as const, data: Buffer.from("x") };
const MESSAGES: Message[] = [
  { type: "vote", from: 1, to: 2, term: 3, lastIndex: 4, lastTerm: 2, transfer: true },
  { type: "pre-vote-reply", from: 1, to: 2, term: 3, granted: true },
  {
    type: "append",
    from: 1,
    to: 2,
    term: 3,
    prevIndex: 4,
    prevTerm: 2,
    commit: 4,
    entries: [entry, { ...entry, index: 6, kind: "normal" }],
  },
  { type: "append-reply", from: 2, to: 1, term: 3, index: 4, rejected: true, hintIndex: 3, hintTerm: 1 },
  { type: "heartbeat", from: 1, to: 2 ** 52, term: 3, commit: 4, readRound: 5 },
  { type: "heartbeat-reply", from: 1, to: 2, term: 3, readRound: 5 },
  { type: "snapshot", from: 1, to: 2, term: 3, snapshot: { index: 9, term: 2, conf } },
  { type: "timeout-now", from: 1, to: 2, term: 3 },
  { type: "read", from: 1, to: 2, term: 3, id: 2 ** 40 },
  { type: "read-reply", from: 1, to: 2, term: 3, id: 7, index: 8 },
  { type: "propose", from: 1, to: 2, term: 3, id: 4, proposals: [{ kind: "normal", data: Buffer.from("y") }] },
];

test("peer messages survive the wire, and are what the proto says", () => {
  const w = new Writer();
  writeBatch(w, MESSAGES);
  const bytes = Buffer.from(w.finish());
  assert.deepEqual(readBatch(bytes), MESSAGES);
  const wire: WireMessage[] = Batch.decode(bytes).messages;
  assert.deepEqual(Buffer.from(Batch.encode({ messages: wire }).finish()), bytes);
});

test("no bytes make a decoder crash, hang or read too far", () => {
  const decoders: ((b: Buffer) => unknown)[] = [
    putOf,
    rangeOf,
    deleteOf,
    txnOf,
    readBatch,
    ...messageNames.map((n: MessageName) => (b: Buffer) => decode(n, b)),
  ];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(decoders.length - 1), (bytes, i) => {
      try {
        decoders[i]!(Buffer.from(bytes));
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
      }
    }),
    { numRuns: 3000 },
  );
});
