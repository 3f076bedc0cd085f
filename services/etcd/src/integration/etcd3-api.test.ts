import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as rpc from "@flotilla/rpc/gen/etcd/rpc.ts";
import * as election from "@flotilla/rpc/gen/etcd/v3election.ts";
import * as lock from "@flotilla/rpc/gen/etcd/v3lock.ts";
import { credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { ERRORS } from "../node/errors.ts";
import { StoreClient, waitForLeader } from "../testing/client.ts";
import { StoreCluster } from "../testing/processes.ts";

// What etcdctl 3.4 and etcd3 do not ask for, through the general gRPC library: etcd 3.5's whole API.
let cluster: StoreCluster;
let address: string;
const open: { close(): void }[] = [];

before(async () => {
  cluster = await StoreCluster.start("source", 1);
  const store = new StoreClient(cluster.members[0]!.clientUrl);
  open.push(store);
  await waitForLeader([store]);
  address = new URL(cluster.members[0]!.clientUrl).host;
});

after(async () => {
  for (const c of open) c.close();
  await cluster.destroy();
});

const client = <T extends { close(): void }>(Client: new (address: string, c: ReturnType<typeof credentials.createInsecure>) => T): T => {
  const c = new Client(address, credentials.createInsecure());
  open.push(c);
  return c;
};
const b = (text: string) => Buffer.from(text);
type Method<Q, R> = (request: Q, callback: (error: ServiceError | null, response: R) => void) => { cancel(): void };
function ask<Q, R>(self: object, method: Method<Q, R>, request: Q): Promise<R> & { cancel: () => void } {
  let cancel = () => {};
  const promise = new Promise<R>((resolve, reject) => {
    const call = method.call(self, request, (error, response) => (error ? reject(error) : resolve(response)));
    cancel = () => call.cancel();
  });
  return Object.assign(promise, { cancel });
}
const refused = (run: Promise<unknown>, name: keyof typeof ERRORS) =>
  assert.rejects(run, (e: ServiceError) => {
    assert.deepEqual([e.code, e.details], [...ERRORS[name]]);
    return true;
  });
const put = async (kv: rpc.KVClient, key: string, value: string, lease = "0") =>
  (await ask(kv, kv.put as Method<rpc.PutRequest, rpc.PutResponse>, rpc.PutRequest.create({ key: b(key), value: b(value), lease }))).header!
    .revision;
const range = (kv: rpc.KVClient, over: Partial<rpc.RangeRequest>) =>
  ask(kv, kv.range as Method<rpc.RangeRequest, rpc.RangeResponse>, rpc.RangeRequest.create(over));
const keysOf = (r: rpc.RangeResponse) => r.kvs.map((kv) => kv.key.toString());

test("ranges by revisions, counts and orders", async () => {
  const kv = client(rpc.KVClient);
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
  const kv = client(rpc.KVClient);
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
  const locks = client(lock.LockClient);
  const leases = client(rpc.LeaseClient);
  const kv = client(rpc.KVClient);
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
  const elections = client(election.ElectionClient);
  const leases = client(rpc.LeaseClient);
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
  const kv = client(rpc.KVClient);
  const watches = client(rpc.WatchClient);
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

test("maintenance: status, hashes, downgrade, alarms", async () => {
  const m = client(rpc.MaintenanceClient);
  const kv = client(rpc.KVClient);
  const status = await ask(m, m.status as Method<rpc.StatusRequest, rpc.StatusResponse>, {});
  assert.match(status.version, /^3\.5\./);
  assert.equal(status.leader, status.header!.memberId);
  const hash = () => ask(m, m.hash as Method<rpc.HashRequest, rpc.HashResponse>, {});
  const before = (await hash()).hash;
  assert.equal((await hash()).hash, before);
  await put(kv, "hashed", "x");
  assert.notEqual((await hash()).hash, before);
  const downgrade = (action: number, version = "") =>
    ask(m, m.downgrade as Method<rpc.DowngradeRequest, rpc.DowngradeResponse>, { action: action as 0, version });
  await refused(downgrade(0, "three"), "wrongDowngradeVersion");
  await refused(downgrade(0, "3.3.0"), "invalidDowngradeTarget");
  await refused(downgrade(2), "noInflightDowngrade");
  assert.equal((await downgrade(0, "3.4.0")).version, "3.5.0");
  await downgrade(1, "3.4");
  await refused(downgrade(1, "3.4.0"), "downgradeInProcess");
  await downgrade(2);
  const alarm = (action: number, type: number) =>
    ask(m, m.alarm as Method<rpc.AlarmRequest, rpc.AlarmResponse>, {
      action: action as 0,
      alarm: type as 0,
      memberID: status.header!.memberId,
    });
  await alarm(1, 2);
  await refused(put(kv, "a", "1"), "corrupt");
  const health = await fetch(`${cluster.members[0]!.clientUrl}/health`);
  assert.deepEqual([health.status, await health.json()], [503, { health: "false", reason: "ALARM CORRUPT" }]);
  assert.equal((await fetch(`${cluster.members[0]!.clientUrl}/health?exclude=CORRUPT`)).status, 200);
  const ready = await fetch(`${cluster.members[0]!.clientUrl}/readyz`);
  assert.deepEqual([ready.status, (await ready.text()).split("\n")[0]], [503, "[-]data_corruption failed: alarm activated: CORRUPT"]);
  assert.deepEqual(
    (await alarm(0, 0)).alarms.map((a) => a.alarm),
    [2],
  );
  await alarm(2, 2);
  await put(kv, "a", "1");
});

test("metrics tell of what was done, under etcd's names", async () => {
  const kv = client(rpc.KVClient);
  const read = async () => {
    const text = await (await fetch(`${cluster.members[0]!.clientUrl}/metrics`)).text();
    return (name: string) =>
      Number(
        text
          .split("\n")
          .find((l) => l.startsWith(`${name} `))
          ?.split(" ")
          .at(-1),
      );
  };
  const before = await read();
  for (let i = 0; i < 3; i++) await put(kv, "metric", "x");
  await range(kv, { key: b("metric") });
  await assert.rejects(put(kv, "", "x"));
  const now = await read();
  const grown: [string, number][] = [
    ["etcd_mvcc_put_total", 3],
    ["etcd_mvcc_range_total", 1],
    ["etcd_debugging_mvcc_current_revision", 3],
    ['grpc_server_started_total{grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"}', 4],
    ['grpc_server_handled_total{grpc_code="OK",grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"}', 3],
    ['grpc_server_handled_total{grpc_code="InvalidArgument",grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"}', 1],
    ['grpc_server_msg_sent_total{grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"}', 3],
  ];
  for (const [name, by] of grown) assert.equal(now(name) - before(name), by, name);
  for (const name of ["etcd_server_has_leader", "etcd_server_is_leader"]) assert.equal(now(name), 1);
  for (const name of ["etcd_disk_wal_fsync_duration_seconds_count", "etcd_disk_backend_commit_duration_seconds_count"]) {
    assert.ok(now(name) > before(name), name);
  }
});

test("the gRPC health service says the server serves", async () => {
  const kv = client(rpc.KVClient);
  const check = (service: string) =>
    new Promise<Buffer>((resolve, reject) =>
      kv.makeUnaryRequest(
        "/grpc.health.v1.Health/Check",
        (x: Buffer) => x,
        (x) => x,
        service ? Buffer.concat([Buffer.from([0x0a, service.length]), b(service)]) : Buffer.alloc(0),
        (error, answer) => (error ? reject(error) : resolve(answer!)),
      ),
    );
  assert.deepEqual(await check(""), Buffer.from([0x08, 1]));
  await assert.rejects(check("nothing"), /NOT_FOUND/);
});

test("without a leader, clients that need one are told so at once, and their streams end", async () => {
  const alone = await StoreCluster.start("source", 3);
  try {
    const stores = alone.members.map((m) => new StoreClient(m.clientUrl));
    open.push(...stores);
    const leader = await waitForLeader(stores);
    const kept = alone.members[(leader + 1) % 3]!;
    const metadata = new Metadata();
    metadata.set("hasleader", "true");
    const watches = new rpc.WatchClient(new URL(kept.clientUrl).host, credentials.createInsecure());
    const kv = new rpc.KVClient(new URL(kept.clientUrl).host, credentials.createInsecure());
    open.push(watches, kv);
    await put(kv, "k", "v");
    const ended = new Promise<ServiceError>((resolve) => {
      const stream = watches.watch(metadata);
      stream.on("error", resolve);
      stream.on("data", () => {});
      stream.write({ requestUnion: { $case: "createRequest", value: rpc.WatchCreateRequest.create({ key: b("k") }) } });
    });
    for (const m of alone.members) if (m !== kept) await alone.kill(m);
    assert.equal((await ended).details, ERRORS.noLeader[1]);
    await refused(
      new Promise((resolve, reject) =>
        kv.range(rpc.RangeRequest.create({ key: b("k"), serializable: true }), metadata, (e, r) => (e ? reject(e) : resolve(r))),
      ),
      "noLeader",
    );
    assert.equal((await range(kv, { key: b("k"), serializable: true })).count, 1, "who does not ask for it is served");
  } finally {
    await alone.destroy();
  }
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 15_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error("it did not happen");
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
