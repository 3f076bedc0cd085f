import { test } from "node:test";
import * as rpc from "@flotilla/rpc/gen/etcd/rpc.ts";
import { readSigned, sign } from "../auth/signed.ts";
import { decodeSetRequest, encodeSetRequest } from "../faults/codec.ts";
import { readBatch, writeBatch } from "../peer/codec.ts";
import { decodeMembers, encodeMembers } from "../peer/service.ts";
import { fuzz } from "../testing/fuzz.ts";
import { Writer } from "../wire/writer.ts";
import { decodeCommand, encodeCommand } from "./command.ts";
import { compactOf, deleteOf, putOf, rangeOf, txnOf } from "./kv-requests.ts";
import { decode, encode, messageNames } from "./tables.ts";

// Whatever comes in over the network is read or refused: no crash, no hang, nothing out of proportion.
const WIRE = { errors: ["WireError"] };
const bytes = (text: string) => Buffer.from(text, "latin1");
const made = (writer: { finish(): Uint8Array }) => Buffer.from(writer.finish());

const put = rpc.PutRequest.create({ key: bytes("key"), value: bytes("v".repeat(200)), lease: "-5", prevKv: true });
const range = rpc.RangeRequest.create({ key: bytes("a"), rangeEnd: bytes("\0"), limit: 500, revision: 77, sortOrder: 2, sortTarget: 4 });
const remove = rpc.DeleteRangeRequest.create({ key: bytes("a"), rangeEnd: bytes("b"), prevKv: true });
const compare = rpc.Compare.create({ key: bytes("k"), target: 3, targetUnion: { $case: "value", value: bytes("old") } });
const flat = rpc.TxnRequest.create({
  compare: [compare, rpc.Compare.create({ key: bytes("k"), targetUnion: { $case: "modRevision", value: 12345 } })],
  success: [{ request: { $case: "requestPut", value: put } }, { request: { $case: "requestRange", value: range } }],
  failure: [{ request: { $case: "requestDeleteRange", value: remove } }],
});
const nested = rpc.TxnRequest.create({ success: [{ request: { $case: "requestTxn", value: flat } }], failure: [] });

test("KV requests", () => {
  fuzz(putOf, [made(rpc.PutRequest.encode(put))], WIRE);
  fuzz(rangeOf, [made(rpc.RangeRequest.encode(range))], WIRE);
  fuzz(deleteOf, [made(rpc.DeleteRangeRequest.encode(remove))], WIRE);
  fuzz(compactOf, [made(rpc.CompactionRequest.encode({ revision: 5, physical: true }))], WIRE);
  fuzz(txnOf, [made(rpc.TxnRequest.encode(flat)), made(rpc.TxnRequest.encode(nested))], WIRE);
});

test("transactions in transactions in transactions do not exhaust the stack", () => {
  let deep = Buffer.alloc(0);
  for (let i = 0; i < 20_000; i++) deep = made(new Writer(deep.length + 32).bytes(0x22, deep));
  const txn = made(new Writer(deep.length + 16).bytes(0x12, deep));
  fuzz(txnOf, [], WIRE);
  try {
    txnOf(txn);
  } catch (error) {
    if ((error as Error).name !== "WireError") throw error;
  }
});

test("every request and answer of the tables", () => {
  for (const name of messageNames) fuzz((b) => decode(name, b), [made(encode(name, sample(name)))], WIRE);
});

/** Something in the fields that most messages have. */
const sample = (_name: string): object => ({
  header: { clusterId: "18446744073709551615", memberId: "42", revision: 7, raftTerm: 3 },
  ID: "9007199254740993",
  TTL: 60,
  key: bytes("key"),
  name: bytes("name"),
});

test("messages between members", () => {
  const entry = { index: 9, term: 3, kind: "normal" as const, data: bytes("entry".repeat(20)) };
  const conf = { voters: [1, 2, 3], outgoing: [1], learners: [4], learnersNext: [] };
  const envelope = { from: 1, to: 2, term: 3 };
  const w = new Writer();
  writeBatch(w, [
    { type: "append", ...envelope, prevIndex: 8, prevTerm: 2, commit: 7, entries: [entry, { ...entry, index: 10, kind: "conf" }] },
    { type: "snapshot", ...envelope, snapshot: { index: 5, term: 2, conf } },
    { type: "vote", ...envelope, lastIndex: 4, lastTerm: 2, transfer: true },
  ]);
  fuzz(readBatch, [made(w)], WIRE);
  const members = [{ id: 1, name: "m1", peerURLs: ["http://a:1"], clientURLs: ["http://b:2"], isLearner: true }];
  fuzz(decodeMembers, [encodeMembers("18446744073709551615", members)], WIRE);
  fuzz(decodeSetRequest, [encodeSetRequest({})], WIRE);
});

test("what a log entry carries", () => {
  const command = encodeCommand("put", 7, 8, made(rpc.PutRequest.encode(put)));
  fuzz(decodeCommand, [command], { errors: ["Error", "RangeError"] });
  fuzz(readSigned, [sign({ user: "root", revision: 3 }, "put", bytes("x"))], {
    errors: ["RangeError", "Error"],
  });
});
