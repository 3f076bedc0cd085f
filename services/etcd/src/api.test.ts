import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as rpc from "@flotilla/rpc/gen/etcd/rpc.ts";
import {
  KVClient,
  LeaseClient,
  type PutResponse,
  type RangeResponse,
  type TxnResponse,
  WatchClient,
  type WatchResponse,
} from "@flotilla/rpc/gen/etcd/rpc.ts";
import { credentials, type ServiceError, status } from "@grpc/grpc-js";
import { ERRORS } from "./node/errors.ts";
import { StoreClient, waitForLeader } from "./testing/client.ts";
import { StoreCluster } from "./testing/processes.ts";

// The general gRPC library as client: what the API server uses.
let cluster: StoreCluster;
let kv: KVClient;
let watches: WatchClient;
let leases: LeaseClient;

before(async () => {
  cluster = await StoreCluster.start("source", 1);
  await waitForLeader([new StoreClient(cluster.members[0]!.clientUrl)]);
  const address = new URL(cluster.members[0]!.clientUrl).host;
  kv = new KVClient(address, credentials.createInsecure());
  watches = new WatchClient(address, credentials.createInsecure());
  leases = new LeaseClient(address, credentials.createInsecure());
});

after(async () => {
  for (const c of [kv, watches, leases]) c.close();
  await cluster.destroy();
});

const b = (text: string) => Buffer.from(text);
type Call<Q, R> = (request: Q, callback: (error: ServiceError | null, response: R) => void) => unknown;
const ask = <Q, R>(call: Call<Q, R>, request: Q): Promise<R> =>
  new Promise((resolve, reject) => void call(request, (error, response) => (error ? reject(error) : resolve(response))));

const put = (key: string, value: string, over: Partial<rpc.PutRequest> = {}): Promise<PutResponse> =>
  ask<rpc.PutRequest, PutResponse>(kv.put.bind(kv), rpc.PutRequest.create({ key: b(key), value: b(value), ...over }));
const get = (key: string, over: Partial<rpc.RangeRequest> = {}): Promise<RangeResponse> =>
  ask<rpc.RangeRequest, RangeResponse>(kv.range.bind(kv), rpc.RangeRequest.create({ key: b(key), ...over }));
const txn = (request: Parameters<typeof rpc.TxnRequest.create>[0]): Promise<TxnResponse> =>
  ask<rpc.TxnRequest, TxnResponse>(kv.txn.bind(kv), rpc.TxnRequest.create(request));

async function fails(run: Promise<unknown>, error: keyof typeof ERRORS): Promise<void> {
  const [code, message] = ERRORS[error];
  await assert.rejects(run, (e: ServiceError) => e.code === code && e.details === message);
}

test("writes and reads as Kubernetes makes them", async () => {
  const key = b("/registry/pods/default/a");
  const create = await txn({
    compare: [{ key, target: 2, result: 0, targetUnion: { $case: "modRevision", value: 0 } }],
    success: [{ request: { $case: "requestPut", value: { key, value: b("one") } } }],
    failure: [{ request: { $case: "requestRange", value: { key } } }],
  });
  assert.equal(create.succeeded, true);
  const revision = create.header!.revision;
  const conflict = await txn({
    compare: [{ key, target: 2, result: 0, targetUnion: { $case: "modRevision", value: revision + 7 } }],
    success: [{ request: { $case: "requestPut", value: { key, value: b("two") } } }],
    failure: [{ request: { $case: "requestRange", value: { key } } }],
  });
  assert.equal(conflict.succeeded, false);
  const found = conflict.responses[0]!.response!;
  assert.ok(found.$case === "responseRange");
  assert.deepEqual([found.value.kvs[0]!.value.toString(), found.value.kvs[0]!.modRevision], ["one", revision]);
  for (const name of ["b", "c", "d"]) await put(`/registry/pods/default/${name}`, name);
  const page = await get("/registry/pods/", { rangeEnd: b("/registry/pods0"), limit: 2 });
  assert.deepEqual([page.kvs.map((k) => k.value.toString()), page.more, page.count], [["one", "b"], true, 4]);
  const next = await get(`${page.kvs[1]!.key}\0`, { rangeEnd: b("/registry/pods0"), limit: 2, revision: page.header!.revision });
  assert.deepEqual([next.kvs.map((k) => k.value.toString()), next.more], [["c", "d"], false]);
  const old = await get("/registry/pods/", { rangeEnd: b("/registry/pods0"), revision });
  assert.equal(old.kvs.length, 1);
  const count = await get("/registry/pods/", { rangeEnd: b("/registry/pods0"), countOnly: true });
  assert.deepEqual([count.count, count.kvs.length], [4, 0]);
});

test("wrong requests get etcd's answers", async () => {
  const now = (await get("x")).header!.revision;
  await fails(put("", "v"), "emptyKey");
  await fails(get(""), "emptyKey");
  await fails(put("k", "v", { lease: "12345" }), "leaseNotFound");
  await fails(put("none", "", { ignoreValue: true }), "keyNotFound");
  await fails(put("k", "v", { ignoreValue: true }), "valueProvided");
  await fails(get("k", { revision: now + 100 }), "futureRevision");
  const twice = { request: { $case: "requestPut" as const, value: { key: b("k"), value: b("1") } } };
  await fails(txn({ success: [twice, twice] }), "duplicateKey");
  await fails(txn({ success: Array.from({ length: 129 }, () => twice) }), "tooManyOps");
  await fails(put("big", "x".repeat(1_600_000)), "requestTooLarge");
  await put("k", "v");
  await ask<rpc.CompactionRequest, rpc.CompactionResponse>(kv.compact.bind(kv), { revision: now, physical: false });
  await fails(ask<rpc.CompactionRequest, rpc.CompactionResponse>(kv.compact.bind(kv), { revision: now, physical: false }), "compacted");
  await fails(get("k", { revision: now - 1 }), "compacted");
  const unknown = new KVClient(new URL(cluster.members[0]!.clientUrl).host, credentials.createInsecure());
  await assert.rejects(
    new Promise((_, reject) =>
      unknown.makeUnaryRequest(
        "/etcdserverpb.KV/Nope",
        (x: Buffer) => x,
        (x) => x,
        Buffer.alloc(0),
        (e) => reject(e),
      ),
    ),
    (e: ServiceError) => e.code === status.UNIMPLEMENTED,
  );
  unknown.close();
});

test("a watch from the past gives every event once, with what was there before, then goes on live", async () => {
  const first = (await put("w/a", "1")).header!.revision;
  await put("w/a", "2");
  await ask<rpc.DeleteRangeRequest, rpc.DeleteRangeResponse>(kv.deleteRange.bind(kv), rpc.DeleteRangeRequest.create({ key: b("w/a") }));
  const stream = watches.watch();
  const got: string[] = [];
  const until = (count: number) => waitFor(() => got.length >= count);
  let progress = 0;
  stream.on("data", (r: WatchResponse) => {
    if (r.watchId === -1) progress = r.header!.revision;
    for (const e of r.events) got.push(`${e.type === 1 ? "DELETE" : "PUT"} ${e.kv!.key} ${e.kv!.value}<${e.prevKv?.value ?? ""}`);
  });
  stream.on("error", () => {});
  stream.write({
    requestUnion: {
      $case: "createRequest",
      value: rpc.WatchCreateRequest.create({ key: b("w/"), rangeEnd: b("w0"), startRevision: first, prevKv: true, progressNotify: true }),
    },
  });
  await until(3);
  const last = (await put("w/b", "3")).header!.revision;
  await until(4);
  assert.deepEqual(got, ["PUT w/a 1<", "PUT w/a 2<1", "DELETE w/a <2", "PUT w/b 3<"]);
  stream.write({ requestUnion: { $case: "progressRequest", value: {} } });
  await waitFor(() => progress >= last);
  stream.end();
});

test("a watch on a compacted revision is told so", async () => {
  await put("c", "1");
  const { revision } = (await put("c", "2")).header!;
  await ask<rpc.CompactionRequest, rpc.CompactionResponse>(kv.compact.bind(kv), { revision, physical: true });
  const stream = watches.watch();
  const cancelled = new Promise<WatchResponse>((resolve) => stream.on("data", (r: WatchResponse) => r.canceled && resolve(r)));
  stream.on("error", () => {});
  stream.write({ requestUnion: { $case: "createRequest", value: rpc.WatchCreateRequest.create({ key: b("c"), startRevision: 1 }) } });
  assert.equal((await cancelled).compactRevision, revision);
  stream.end();
});

test("a key goes with its lease", async () => {
  const { ID } = await ask<rpc.LeaseGrantRequest, rpc.LeaseGrantResponse>(leases.leaseGrant.bind(leases), { TTL: 1, ID: "0" });
  await put("leased", "x", { lease: ID });
  assert.equal((await get("leased")).kvs[0]!.lease, ID);
  await waitFor(async () => (await get("leased")).kvs.length === 0, 8000);
});

async function waitFor(holds: () => boolean | Promise<boolean>, timeout_ms = 5000): Promise<void> {
  const until = performance.now() + timeout_ms;
  while (!(await holds())) {
    if (performance.now() > until) throw new Error("it did not happen");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
