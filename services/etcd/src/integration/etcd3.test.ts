import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Etcd3, EtcdLockFailedError, EtcdPermissionDeniedError } from "etcd3";
import { StoreClient, waitForLeader } from "../testing/client.ts";
import { StoreCluster } from "../testing/processes.ts";

// The npm client as programs use it, on three members.
let cluster: StoreCluster;
let stores: StoreClient[];
let etcd: Etcd3;

before(async () => {
  cluster = await StoreCluster.start("source", 3);
  stores = cluster.members.map((m) => new StoreClient(m.clientUrl));
  await waitForLeader(stores);
  etcd = new Etcd3({ hosts: cluster.members.map((m) => m.clientUrl) });
});

after(async () => {
  etcd.close();
  for (const s of stores) s.close();
  await cluster.destroy();
});

test("keys, ranges and namespaces", async () => {
  await etcd.put("foo").value("bar");
  assert.equal(await etcd.get("foo"), "bar");
  assert.equal(await etcd.get("none"), null);
  const users = etcd.namespace("users/");
  for (const [i, name] of ["carol", "alice", "bob"].entries()) await users.put(name).value(i);
  assert.deepEqual(await users.getAll().sort("Key", "Ascend").keys(), ["alice", "bob", "carol"]);
  assert.deepEqual(await etcd.getAll().prefix("users/").sort("Create", "Ascend").limit(2).numbers(), {
    "users/alice": 1,
    "users/carol": 0,
  });
  assert.equal(await users.getAll().count(), 3);
  const { deleted } = await users.delete().all();
  assert.equal(Number(deleted), 3);
});

test("transactions and software transactional memory", async () => {
  await etcd.put("balance").value("10");
  const first = await etcd.if("balance", "Value", "==", "10").then(etcd.put("balance").value("20")).else(etcd.get("balance")).commit();
  assert.equal(first.succeeded, true);
  const second = await etcd.if("balance", "Value", "==", "10").then(etcd.put("balance").value("30")).else(etcd.get("balance")).commit();
  assert.equal(second.succeeded, false);
  await Promise.all(
    Array.from({ length: 8 }, () =>
      etcd.stm({ retries: 200 }).transact(async (tx) => {
        const n = Number(await tx.get("balance"));
        await tx.put("balance").value(n + 1);
      }),
    ),
  );
  assert.equal(await etcd.get("balance").number(), 28, "no increment is lost");
});

test("a lease keeps its key for as long as it is kept alive", async () => {
  const lease = etcd.lease(2);
  await lease.put("alive").value("yes");
  await pause(3500);
  assert.equal(await etcd.get("alive"), "yes");
  await lease.revoke();
  assert.equal(await etcd.get("alive"), null);
});

test("watches see what changes, from the past as well", async () => {
  const watcher = await etcd.watch().prefix("watched/").create();
  const seen: string[] = [];
  watcher.on("put", (kv) => seen.push(`put ${kv.key}=${kv.value}`)).on("delete", (kv) => seen.push(`delete ${kv.key}`));
  await etcd.put("watched/a").value("1");
  await etcd.put("watched/b").value("2");
  await etcd.delete().key("watched/a");
  await until(() => seen.length === 3);
  assert.deepEqual(seen, ["put watched/a=1", "put watched/b=2", "delete watched/a"]);
  await watcher.cancel();
  const revision = (await etcd.put("past").value("1")).header.revision;
  await etcd.put("past").value("2");
  const late = await etcd.watch().key("past").startRevision(revision).create();
  const values: string[] = [];
  late.on("put", (kv) => values.push(kv.value.toString()));
  await until(() => values.length === 2);
  assert.deepEqual(values, ["1", "2"]);
  await late.cancel();
});

test("one holds a lock at a time", async () => {
  const lock = etcd.lock("mutex").ttl(5);
  await lock.acquire();
  await assert.rejects(etcd.lock("mutex").ttl(5).acquire(), EtcdLockFailedError);
  await lock.release();
  let inside = 0;
  await etcd
    .lock("mutex")
    .ttl(5)
    .do(async () => {
      inside++;
    });
  assert.equal(inside, 1);
});

test("an election has one leader, and another when it resigns", async () => {
  const election = etcd.election("prime", 3);
  const first = election.campaign("alice");
  await new Promise((resolve, reject) => first.once("elected", () => resolve(undefined)).once("error", reject));
  assert.equal(await election.leader(), "alice");
  const other = etcd.election("prime", 3);
  const second = other.campaign("bob");
  const elected = new Promise((resolve) => second.once("elected", () => resolve(undefined)));
  await pause(200);
  assert.equal(await other.leader(), "alice");
  await first.resign();
  await elected;
  assert.equal(await election.leader(), "bob");
  await second.resign();
});

test("what a client does survives its leader", async () => {
  const leader = await waitForLeader(stores);
  const watcher = await etcd.watch().prefix("over/").create();
  const seen = new Set<string>();
  watcher.on("put", (kv) => seen.add(kv.key.toString()));
  const lease = etcd.lease(10);
  await lease.put("over/lease").value("x");
  await cluster.kill(cluster.members[leader]!);
  for (let i = 0; i < 20; i++) {
    await until(() =>
      etcd
        .put(`over/${i}`)
        .value(i)
        .then(
          () => true,
          () => false,
        ),
    );
  }
  await until(() => seen.size === 21);
  assert.equal(await etcd.get("over/lease"), "x");
  await watcher.cancel();
  await lease.revoke();
  stores[leader]!.close();
  cluster.run(cluster.members[leader]!);
});

test("users and roles: everyone may do what they may, and no more", async () => {
  const role = etcd.role("writer");
  await role.create();
  await role.grant({ permission: "Readwrite", range: etcd.range({ prefix: "app/" }) });
  const user = await etcd.user("alice").create("wonder");
  await user.addRole(role);
  await etcd.role("root").create();
  await (await etcd.user("root").create("secret")).addRole("root");
  const hosts = cluster.members.map((m) => m.clientUrl);
  await etcd.auth.authEnable();
  const root = new Etcd3({ hosts, auth: { username: "root", password: "secret" } });
  const alice = new Etcd3({ hosts, auth: { username: "alice", password: "wonder" } });
  try {
    await root.put("secret").value("1");
    await alice.put("app/1").value("x");
    assert.equal(await alice.get("app/1"), "x");
    await assert.rejects(Promise.resolve(alice.get("secret")), EtcdPermissionDeniedError);
    await assert.rejects(Promise.resolve(etcd.get("app/1")), /user name is empty/);
    await assert.rejects(Promise.resolve(new Etcd3({ hosts, auth: { username: "alice", password: "no" } }).get("app/1")));
    // A token was given out by one member: every member knows it.
    for (let i = 0; i < 9; i++) assert.equal(await alice.get("app/1"), "x");
    await root.role("writer").revoke({ permission: "Readwrite", range: root.range({ prefix: "app/" }) });
    await assert.rejects(Promise.resolve(alice.get("app/1")), EtcdPermissionDeniedError);
  } finally {
    await root.auth.authDisable();
    root.close();
    alice.close();
  }
  assert.equal(await etcd.get("app/1"), "x");
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error("it did not happen");
    await pause(50);
  }
}
