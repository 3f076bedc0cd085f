import assert from "node:assert/strict";
import { test } from "node:test";
import type { MemberAddResponse, MemberListResponse } from "@flotilla/rpc/gen/etcd/rpc.ts";
import { decode, encode } from "./codec/tables.ts";
import { Code } from "./grpc/status.ts";
import { StoreClient, waitForLeader } from "./testing/client.ts";
import { StoreCluster } from "./testing/processes.ts";

const CLUSTER = "/etcdserverpb.Cluster";

test("a learner comes, is promoted, and the leader is removed, while nothing is lost", async () => {
  // A short log: the newcomer needs a snapshot.
  const cluster = await StoreCluster.start("source", 3, ["--snapshot-count", "50"]);
  const clients = cluster.members.map((m) => new StoreClient(m.clientUrl));
  try {
    const leader = await waitForLeader(clients);
    const follower = clients[(leader + 1) % 3]!;
    await until(() => follower.put("first", "x").then(() => true));
    for (let i = 0; i < 120; i++) await follower.put(`k${i}`, `v${i}`);
    const newcomer = await cluster.newMember();
    const added = await follower.call(
      `${CLUSTER}/MemberAdd`,
      encode("MemberAddRequest", { peerURLs: [newcomer.peerUrl], isLearner: true }).finish(),
    );
    const { member } = decode<MemberAddResponse>("MemberAddResponse", added);
    await assert.rejects(promote(follower, member!.ID), /can only promote a learner member which is in sync with leader/);
    cluster.run(newcomer, ["--initial-cluster-state", "existing"]);
    const fourth = new StoreClient(newcomer.clientUrl);
    clients.push(fourth);
    await until(async () => (await fourth.value("k119", true)) === "v119");
    await until(() => promote(follower, member!.ID).then(() => true));

    const gone = cluster.members[leader]!;
    const exited = new Promise<number | null>((resolve) => gone.process!.once("exit", resolve));
    const { members } = await list(follower);
    assert.deepEqual(
      members.map((m) => m.isLearner),
      [false, false, false, false],
    );
    const id = members.find((m) => m.clientURLs.includes(gone.clientUrl))!.ID;
    // The leader leaves: an answer that was on its way through it may be lost, as with etcd.
    await follower.call(`${CLUSTER}/MemberRemove`, encode("MemberRemoveRequest", { ID: id }).finish()).catch(lostWithLeader);
    assert.equal(await exited, 1, "a removed member ends");
    await until(() => fourth.put("after", "x").then(() => true));
    await until(async () => (await list(fourth)).members.length === 3);
    const rest = clients.filter((_, i) => i !== leader);
    await until(async () => new Set(await Promise.all(rest.map((c) => c.hash()))).size === 1);
  } finally {
    for (const c of clients) c.close();
    await cluster.destroy();
  }
});

function lostWithLeader(error: { code?: number }): void {
  if (error.code !== Code.UNAVAILABLE) throw error;
}

const promote = (c: StoreClient, ID: string) => c.call(`${CLUSTER}/MemberPromote`, encode("MemberPromoteRequest", { ID }).finish());

async function list(c: StoreClient): Promise<MemberListResponse> {
  return decode<MemberListResponse>(
    "MemberListResponse",
    await c.call(`${CLUSTER}/MemberList`, encode("MemberListRequest", { linearizable: true }).finish()),
  );
}

async function until(holds: () => Promise<boolean>, timeout_ms = 20_000): Promise<void> {
  const end = performance.now() + timeout_ms;
  for (;;) {
    const error = await holds().then(
      (ok) => (ok ? undefined : new Error("it did not happen")),
      (e: Error) => e,
    );
    if (!error) return;
    if (performance.now() > end) throw error;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
