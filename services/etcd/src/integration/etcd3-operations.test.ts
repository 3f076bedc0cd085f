import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as rpc from "@flotilla/rpc/gen/etcd/rpc.ts";
import { credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { ERRORS } from "../node/errors.ts";
import { StoreClient, waitForLeader } from "../testing/client.ts";
import { StoreCluster } from "../testing/processes.ts";
import { ask, b, Clients, type Method, put, range, refused, until } from "./calls.ts";

// What an operator asks for: maintenance, probes, metrics, and what happens without a leader.
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

test("maintenance: status, hashes, downgrade, alarms", async () => {
  const m = clients.of(rpc.MaintenanceClient);
  const kv = clients.of(rpc.KVClient);
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
  const kv = clients.of(rpc.KVClient);
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
  const kv = clients.of(rpc.KVClient);
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
    const leader = await waitForLeader(stores);
    const kept = alone.members[(leader + 1) % 3]!;
    const metadata = new Metadata();
    metadata.set("hasleader", "true");
    const watches = new rpc.WatchClient(new URL(kept.clientUrl).host, credentials.createInsecure());
    const kv = new rpc.KVClient(new URL(kept.clientUrl).host, credentials.createInsecure());
    // A member that starts later than the others is there soon.
    await until(() =>
      put(kv, "k", "v").then(
        () => true,
        () => false,
      ),
    );
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
    for (const c of [...stores, watches, kv]) c.close();
  } finally {
    await alone.destroy();
  }
});
