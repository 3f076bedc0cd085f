import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { MemberAddResponse, MemberListResponse } from "@flotilla/rpc/gen/etcd/rpc.ts";
import { decode, encode } from "../codec/tables.ts";
import { type DiskFaults, HEALTHY } from "../faults/state.ts";
import { StoreClient, waitForLeader } from "../testing/client.ts";
import { FaultsClient } from "../testing/faults-client.ts";
import { type Member, StoreCluster } from "../testing/processes.ts";
import { within } from "./workload.ts";

/**
 * What a member does about its disk, with real processes: three members, one of
 * which is hurt in each test and is well again at its end.
 */
let cluster: StoreCluster;
let clients: StoreClient[];
/** Every write that was acknowledged. */
const written = new Map<string, string>();
let serial = 0;

before(async () => {
  cluster = await StoreCluster.start("source", 3, ["--experimental-fault-injection", "--snapshot-count", "60"]);
  clients = cluster.members.map((m) => new StoreClient(m.clientUrl));
  await waitForLeader(clients);
  await write(100);
});

after(async () => {
  for (const c of clients) c.close();
  await cluster.destroy();
});

const DAMAGE = 1;

test("a sync that fails ends the member: nothing is acknowledged on it, and it comes back", async () => {
  const leader = await waitForLeader(clients);
  await faults(leader, { syncFailure_permille: 1000 });
  const own = clients[leader]!.put("unsafe", "x").then(
    () => "acknowledged",
    () => "refused",
  );
  assert.equal(await exitOf(leader), DAMAGE);
  assert.equal(await own, "refused");
  assert.match(lastError(leader), /failed to save Raft hard state and entries.*does not work.*EIO/);
  await write(20, others(leader));
  cluster.run(cluster.members[leader]!);
  await allThere();
});

test("a full disk ends the member with a message that says so; with space it comes back whole", async () => {
  const leader = await waitForLeader(clients);
  await faults(leader, { full: true, fullAfter_bytes: 700 });
  const writes = write(20, others(leader));
  assert.equal(await exitOf(leader), DAMAGE);
  await writes;
  assert.match(lastError(leader), /no space left on the disk of .*m\d.*free some space.*ENOSPC/);
  cluster.run(cluster.members[leader]!);
  await allThere();
});

test("a leader whose syncs take seconds keeps nobody waiting but its own clients, hands over, and loses nothing", async () => {
  const leader = await waitForLeader(clients);
  const slow = new FaultsClient(cluster.members[leader]!.peerUrl);
  await faults(leader, { sync_delay_ms: 4000 });
  const from = performance.now();
  await write(20, others(leader));
  const took_ms = performance.now() - from;
  assert.ok(took_ms < 40_000, `through that disk 20 writes would take 80 s, they took ${took_ms.toFixed(0)} ms`);
  await until(async () => {
    await write(1, others(leader));
    await waitForLeader(others(leader));
  });
  await slow.clear();
  slow.close();
  await allThere();
});

test("the rest of a write that was cut short is removed", async () => {
  const i = await follower();
  await cluster.kill(cluster.members[i]!);
  const file = lastSegment(i);
  const header = readFileSync(file).subarray(0, 20);
  for (const rest of [header.subarray(0, 10), header, Buffer.alloc(4096)]) {
    await cluster.kill(cluster.members[i]!);
    appendFileSync(file, rest);
    await write(3, others(i));
    cluster.run(cluster.members[i]!);
    await allThere();
  }
});

test("a log that lost what the member had acknowledged is noticed", async () => {
  const i = await follower();
  await write(30);
  await cluster.kill(cluster.members[i]!);
  const file = lastSegment(i);
  truncateSync(file, readFileSync(file).length - 2000);
  cluster.run(cluster.members[i]!);
  assert.equal(await exitOf(i), DAMAGE);
  assert.match(lastError(i), /the member's log does not agree with its cluster/);
  await rejoin(i);
});

test("a flipped bit in the log is refused, named by file and offset; wiped and added again, the member is back", async () => {
  const i = await follower();
  await write(30);
  await cluster.kill(cluster.members[i]!);
  const file = lastSegment(i);
  flipBit(file);
  cluster.run(cluster.members[i]!);
  assert.equal(await exitOf(i), DAMAGE);
  assert.match(lastError(i), new RegExp(`${file}: a record whose checksum does not match at offset \\d+`));
  await rejoin(i);
});

test("damaged snapshots: the one before is used; when none is left, the member refuses", async () => {
  const i = await follower();
  await write(150);
  await cluster.kill(cluster.members[i]!);
  const folder = join(dataDir(i), "member/snap");
  const names = readdirSync(folder).sort();
  assert.equal(names.length, 2);
  flipBit(join(folder, names[1]!));
  cluster.run(cluster.members[i]!);
  await allThere();
  assert.match(lastError(i), /snapshot is unreadable, trying the one before.*snapshot is corrupt at offset \d+/);
  await cluster.kill(cluster.members[i]!);
  // The one that is damaged is damaged enough.
  for (const name of readdirSync(folder)) if (name !== names[1]) flipBit(join(folder, name));
  cluster.run(cluster.members[i]!);
  assert.equal(await exitOf(i), DAMAGE);
  assert.match(lastError(i), /\.snap: snapshot is corrupt at offset \d+.*remove the member/);
  await rejoin(i);
});

test("a member that lost its disk is refused as who it was, in whatever state it says it is", async () => {
  const i = await follower();
  await cluster.kill(cluster.members[i]!);
  for (const state of ["new", "existing"]) {
    rmSync(dataDir(i), { recursive: true });
    cluster.run(cluster.members[i]!, ["--initial-cluster-state", state]);
    assert.equal(await exitOf(i), DAMAGE, state);
    assert.match(lastError(i), /member [0-9a-f]+ has already been bootstrapped.*etcdctl member remove/);
  }
  await rejoin(i);
});

test("a member whose log is gone but not its snapshots is refused", async () => {
  const i = await follower();
  await cluster.kill(cluster.members[i]!);
  rmSync(join(dataDir(i), "member/wal"), { recursive: true });
  cluster.run(cluster.members[i]!);
  assert.equal(await exitOf(i), DAMAGE);
  assert.match(lastError(i), /holds no log, but there is a snapshot of entry \d+/);
  await rejoin(i);
});

test("a disk that is really full: every write that was acknowledged is there again when it has room", { skip: !canMount() }, async () => {
  const single = await StoreCluster.start("source", 1, []);
  const [m] = single.members;
  const client = new StoreClient(m!.clientUrl);
  const folder = join(single.folder, m!.name);
  const mount = (...args: string[]) => assert.equal(spawnSync("mount", [...args, folder]).status, 0);
  const acknowledged: string[] = [];
  const exit = () => within(new Promise<number | null>((resolve) => m!.process!.once("exit", resolve)), 60_000);
  try {
    await waitForLeader([client]);
    await single.kill(m!);
    client.close();
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    mount("-t", "tmpfs", "-o", "size=1m", "tmpfs");
    single.run(m!);
    const ended = exit();
    await waitForLeader([client]);
    for (let n = 0; m!.process!.exitCode === null && n < 500; n++) {
      const key = `full/${n}`;
      await client.put(key, key.padEnd(8000, "x")).then(
        () => acknowledged.push(key),
        () => {},
      );
    }
    assert.equal(await ended, DAMAGE);
    assert.ok(acknowledged.length > 50, `${acknowledged.length} writes`);
    const log = readFileSync(join(single.folder, `${m!.name}.log`), "utf8");
    assert.match(log, /no space left on the disk of .*free some space/);
    mount("-o", "remount,size=16m", "tmpfs");
    client.close();
    single.run(m!);
    await waitForLeader([client]);
    for (const key of acknowledged) assert.equal(await client.value(key), key.padEnd(8000, "x"), key);
    await client.put("full/after", "x");
  } finally {
    client.close();
    await Promise.all(single.members.map((x) => single.kill(x)));
    spawnSync("umount", [folder]);
    await single.destroy();
  }
});

/** Where a test may mount: as root, on Linux, with the capability. */
function canMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), "store-mount-"));
  const works = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).status === 0;
  if (works) spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true, force: true });
  return works;
}

async function write(count: number, to: readonly StoreClient[] = clients): Promise<void> {
  for (let n = 0; n < count; n++) {
    const key = `k${serial++ % 50}`;
    const value = `${serial}.`.padEnd(200, "v");
    await until(() => within(to[n % to.length]!.put(key, value), 3000));
    written.set(key, value);
  }
}

const others = (i: number) => clients.filter((_, n) => n !== i);

async function follower(): Promise<number> {
  return ((await waitForLeader(clients)) + 1) % 3;
}

const faults = (i: number, disk: Partial<DiskFaults>) =>
  new FaultsClient(cluster.members[i]!.peerUrl).set({ disk: { ...HEALTHY.disk, ...disk } });

function exitOf(i: number): Promise<number | null> {
  const { process } = cluster.members[i]!;
  if (process!.exitCode !== null) return Promise.resolve(process!.exitCode);
  return within(new Promise((resolve) => process!.once("exit", resolve)), 60_000);
}

const dataDir = (i: number) => join(cluster.folder, cluster.members[i]!.name);

function lastSegment(i: number): string {
  const folder = join(dataDir(i), "member/wal");
  return join(folder, readdirSync(folder).sort().at(-1)!);
}

/** The member's last line of level error, its keys behind. */
function lastError(i: number): string {
  const lines = readFileSync(join(cluster.folder, `${cluster.members[i]!.name}.log`), "utf8")
    .trim()
    .split("\n");
  const line = lines.findLast((l) => l.includes('"level":"error"')) ?? "";
  const { msg, error } = JSON.parse(line || "{}");
  return `${msg}: ${error?.message ?? ""}`;
}

function flipBit(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 4;
  writeFileSync(file, bytes);
}

/** Removed, wiped, added, started: the way back for a member that lost its state. */
async function rejoin(i: number): Promise<void> {
  const m: Member = cluster.members[i]!;
  const [admin] = others(i);
  const call = (method: string, request: Uint8Array) => admin!.call(`/etcdserverpb.Cluster/${method}`, request);
  const { members } = decode<MemberListResponse>("MemberListResponse", await call("MemberList", encode("MemberListRequest", {}).finish()));
  const { ID } = members.find((x) => x.name === m.name)!;
  await until(() => call("MemberRemove", encode("MemberRemoveRequest", { ID }).finish()));
  rmSync(dataDir(i), { recursive: true, force: true });
  const added = await until(() => call("MemberAdd", encode("MemberAddRequest", { peerURLs: [m.peerUrl] }).finish()));
  assert.notEqual(decode<MemberAddResponse>("MemberAddResponse", added).member!.ID, ID);
  cluster.run(m, ["--initial-cluster-state", "existing"]);
  await allThere();
}

/** Every member, the hurt one included, holds every acknowledged write. */
async function allThere(): Promise<void> {
  await until(async () => {
    for (const c of clients) {
      for (const [key, value] of written) {
        const found = await within(c.value(key), 3000);
        assert.equal(found, value, key);
      }
    }
    assert.equal(new Set(await Promise.all(clients.map((c) => c.hash()))).size, 1);
  });
}

async function until<T>(run: () => Promise<T>, limit_ms = 90_000): Promise<T> {
  const end = performance.now() + limit_ms;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
