import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as rpc from "@flotilla/rpc/gen/etcd/rpc.ts";
import * as election from "@flotilla/rpc/gen/etcd/v3election.ts";
import * as lock from "@flotilla/rpc/gen/etcd/v3lock.ts";
import { StoreClient, waitForLeader } from "../testing/client.ts";
import { StoreCluster } from "../testing/processes.ts";
import { ask, b, Clients, keysOf, type Method, put, range, refused, until } from "./calls.ts";

// What etcdctl 3.4 and etcd3 do not ask for: etcd 3.5's keys, watches, locks and elections.
let cluster: StoreCluster;
let clients: Clients;

before(async () => {
  cluster = await StoreCluster.start("source", 1);
  const store = new StoreClient(cluster.members[0]!.clientUrl);
  await waitForLeader([store]);
  store.close();
  clients = new Clients(cluster.members[0]!.clientUrl);
});

after(async () => {
  clients.close();
  await cluster.destroy();
});

test("ranges by revisions, counts and orders", async () => {
  const kv = clients.of(rpc.KVClient);
  const revisions: number[] = [];
  for (const key of ["r/c", "r/a", "r/b"]) revisions.push(await put(kv, key, key));
  const last = await put(kv, "r/c", "again");
  const all = { key: b("r/"), rangeEnd: b("r0") };
  assert.deepEqual(keysOf(await range(kv, { ...all, minModRevision: revisions[1] })), ["r/a", "r/b", "r/c"]);
  assert.deepEqual(keysOf(await range(kv, { ...all, maxModRevision: revisions[1] })), ["r/a"]);
  assert.deepEqual(keysOf(await range(kv, { ...all, maxCreateRevision: revisions[0] })), ["r/c"]);
  assert.deepEqual(keysOf(await range(kv, { ...all, minCreateRevision: revisions[1], maxModRevision: last - 1 })), ["r/a", "r/b"]);
  const limited = await range(kv, { ...all, minModRevision: revisions[1], limit: 1 });
  assert.deepEqual([keysOf(limited), limited.more, limited.count], [["r/a"], true, 3]);
  const counted = await range(kv, { ...all, countOnly: true, limit: 1 });
  assert.deepEqual([counted.kvs, counted.count], [[], 3]);
  assert.deepEqual(keysOf(await range(kv, { ...all, sortTarget: 3, sortOrder: 2, keysOnly: true })), ["r/c", "r/b", "r/a"]);
  assert.deepEqual(
    keysOf(await range(kv, { ...all, sortTarget: 1 })),
    ["r/a", "r/b", "r/c"],
    "by version, ascending unless told otherwise",
  );
  await refused(range(kv, { ...all, sortOrder: 7 as 0 }), "invalidSortOption");
  await refused(range(kv, { ...all, sortTarget: 9 as 0 }), "invalidSortOption");
});

test("a transaction in a transaction is one step with it", async () => {
  const kv = clients.of(rpc.KVClient);
  const op = (key: string, value: string) => ({
    request: { $case: "requestPut" as const, value: rpc.PutRequest.create({ key: b(key), value: b(value) }) },
  });
  const inner = rpc.TxnRequest.create({
    compare: [{ key: b("nested/a"), target: 0, result: 0, targetUnion: { $case: "version", value: 0 } }],
    success: [op("nested/b", "inner")],
    failure: [op("nested/b", "wrong")],
  });
  const outer = rpc.TxnRequest.create({ success: [op("nested/a", "outer"), { request: { $case: "requestTxn", value: inner } }] });
  const result = await ask(kv, kv.txn as Method<rpc.TxnRequest, rpc.TxnResponse>, outer);
  const answer = result.responses[1]!.response!;
  assert.ok(answer.$case === "responseTxn" && answer.value.succeeded, "conditions hold for the state before");
  const { kvs } = await range(kv, { key: b("nested/"), rangeEnd: b("nested0") });
  assert.deepEqual(
    kvs.map((k) => [k.value.toString(), k.modRevision]),
    [
      ["outer", result.header!.revision],
      ["inner", result.header!.revision],
    ],
  );
});

test("a lock waits for the one before, and leaves the queue when its caller does", async () => {
  const locks = clients.of(lock.LockClient);
  const leases = clients.of(rpc.LeaseClient);
  const kv = clients.of(rpc.KVClient);
  const grant = async () =>
    (await ask(leases, leases.leaseGrant as Method<rpc.LeaseGrantRequest, rpc.LeaseGrantResponse>, { TTL: 60, ID: "0" })).ID;
  const acquire = (lease: string) => ask(locks, locks.lock as Method<lock.LockRequest, lock.LockResponse>, { name: b("m"), lease });
  const release = (key: Buffer) => ask(locks, locks.unlock as Method<lock.UnlockRequest, lock.UnlockResponse>, { key });
  const [one, two, three] = [await grant(), await grant(), await grant()];
  const first = await acquire(one);
  assert.equal(first.key.toString(), `m/${BigInt(one).toString(16)}`);
  assert.deepEqual((await acquire(one)).key, first.key, "who has it has it");
  const second = acquire(two);
  await until(async () => (await range(kv, { key: b("m/"), rangeEnd: b("m0"), countOnly: true })).count === 2);
  const third = acquire(three);
  await until(async () => (await range(kv, { key: b("m/"), rangeEnd: b("m0"), countOnly: true })).count === 3);
  second.cancel();
  await assert.rejects(second);
  await until(async () => (await range(kv, { key: b("m/"), rangeEnd: b("m0"), countOnly: true })).count === 2);
  await release(first.key);
  const { key } = await third;
  // The lease's end is the lock's end.
  await ask(leases, leases.leaseRevoke as Method<rpc.LeaseRevokeRequest, rpc.LeaseRevokeResponse>, { ID: three });
  assert.equal((await range(kv, { key })).count, 0);
  await refused(acquire("123456"), "leaseNotFound");
  const own = await acquire("0");
  assert.equal((await range(kv, { key: own.key })).count, 1, "a lease of its own");
  await release(own.key);
});

test("an election: one leads, says what it wants, resigns; observers see all of it", async () => {
  const elections = clients.of(election.ElectionClient);
  const leases = clients.of(rpc.LeaseClient);
  const grant = async () =>
    (await ask(leases, leases.leaseGrant as Method<rpc.LeaseGrantRequest, rpc.LeaseGrantResponse>, { TTL: 60, ID: "0" })).ID;
  const campaign = (lease: string, value: string) =>
    ask(elections, elections.campaign as Method<election.CampaignRequest, election.CampaignResponse>, {
      name: b("e"),
      lease,
      value: b(value),
    });
  const leader = () => ask(elections, elections.leader as Method<election.LeaderRequest, election.LeaderResponse>, { name: b("e") });
  await assert.rejects(leader(), /election: no leader/);
  const heard: string[] = [];
  const observer = elections.observe({ name: b("e") });
  observer.on("data", (r: election.LeaderResponse) => heard.push(r.kv!.value.toString()));
  observer.on("error", () => {});
  const [one, two] = [await grant(), await grant()];
  const first = (await campaign(one, "alice")).leader!;
  assert.equal((await leader()).kv!.value.toString(), "alice");
  const second = campaign(two, "bob");
  const proclaim = (who: election.LeaderKey, value: string) =>
    ask(elections, elections.proclaim as Method<election.ProclaimRequest, election.ProclaimResponse>, { leader: who, value: b(value) });
  const resign = (who: election.LeaderKey) =>
    ask(elections, elections.resign as Method<election.ResignRequest, election.ResignResponse>, { leader: who });
  await until(() => heard.includes("alice"));
  await proclaim(first, "alice says");
  await until(() => heard.includes("alice says"));
  assert.deepEqual((await campaign(one, "alice again")).leader, first, "the same candidate, another value");
  await until(() => heard.includes("alice again"));
  await resign(first);
  const bob = (await second).leader!;
  await until(() => heard.at(-1) === "bob");
  await assert.rejects(proclaim(first, "too late"), /election: not leader/);
  await resign(first);
  assert.equal((await leader()).kv!.value.toString(), "bob", "one can resign for oneself only");
  await resign(bob);
  observer.cancel();
  assert.deepEqual(heard, ["alice", "alice says", "alice again", "bob"]);
});

test("watches with filters, own ids, fragments", async () => {
  const kv = clients.of(rpc.KVClient);
  const watches = clients.of(rpc.WatchClient);
  const stream = watches.watch();
  const got: rpc.WatchResponse[] = [];
  stream.on("data", (r: rpc.WatchResponse) => got.push(r));
  stream.on("error", () => {});
  const create = (over: Partial<rpc.WatchCreateRequest>) =>
    stream.write({
      requestUnion: { $case: "createRequest", value: rpc.WatchCreateRequest.create({ key: b("f/"), rangeEnd: b("f0"), ...over }) },
    });
  create({ watchId: 7, filters: [0] });
  create({ watchId: 7 });
  create({ watchId: 8, filters: [1], prevKv: true });
  await until(() => got.length === 3);
  assert.deepEqual(
    got.map((r) => [r.watchId, r.created, r.canceled, r.cancelReason]),
    [
      [7, true, false, ""],
      [-1, true, true, "mvcc: duplicate watch ID provided on the WatchStream"],
      [8, true, false, ""],
    ],
  );
  await put(kv, "f/a", "1");
  await put(kv, "f/a", "2");
  await ask(
    kv,
    kv.deleteRange as Method<rpc.DeleteRangeRequest, rpc.DeleteRangeResponse>,
    rpc.DeleteRangeRequest.create({ key: b("f/a") }),
  );
  const events = (id: number) => got.filter((r) => r.watchId === id).flatMap((r) => r.events);
  await until(() => events(7).length === 1 && events(8).length === 2);
  assert.deepEqual([events(7)[0]!.type, events(8).map((e) => e.type)], [1, [0, 0]]);
  assert.equal(events(8)[1]!.prevKv!.value.toString(), "1");
  stream.write({ requestUnion: { $case: "cancelRequest", value: { watchId: 8 } } });
  await until(() => got.some((r) => r.watchId === 8 && r.canceled));

  // Five events of 900 kB fit no message of two megabytes.
  const first = await put(kv, "big/0", "x".repeat(900_000));
  for (let i = 1; i < 5; i++) await put(kv, `big/${i}`, "x".repeat(900_000));
  create({ key: b("big/"), rangeEnd: b("big0"), watchId: 9, startRevision: first, fragment: true });
  await until(() => events(9).length === 5);
  const parts = got.filter((r) => r.watchId === 9 && r.events.length > 0);
  assert.ok(parts.length > 1);
  assert.deepEqual(parts.map((r) => r.fragment).at(-1), false);
  stream.end();
});
