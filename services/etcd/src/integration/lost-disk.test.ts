import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as rpc from "@flotilla/rpc/gen/etcd/rpc.ts";
import { StoreClient, waitForLeader } from "../testing/client.ts";
import { StoreCluster } from "../testing/processes.ts";
import { within } from "./workload.ts";

/**
 * The worst moment to lose a disk: everything is down, and the member that lost
 * it comes back first, when nobody can tell it that it is not new. With its
 * vote a member that missed the last write could win, and the write be gone.
 */
test("a member that lost its disk while nobody could tell does not vote away what was acknowledged", async () => {
  const cluster = await StoreCluster.start("source", 3);
  const clients = cluster.members.map((m) => new StoreClient(m.clientUrl));
  try {
    const leader = await waitForLeader(clients);
    const [wiped, behind] = [(leader + 1) % 3, (leader + 2) % 3];
    for (const c of clients) await until(() => c.put("before", "x"));
    // Each tells the others which data directory is its own just after the first election; what came before it nobody can know.
    await until(() => published(clients[behind]!));
    await cluster.kill(cluster.members[behind]!);
    await until(() => clients[wiped]!.put("acknowledged", "yes"));
    await Promise.all(cluster.members.map((m) => cluster.kill(m)));
    for (const c of clients) c.close();

    rmSync(join(cluster.folder, cluster.members[wiped]!.name), { recursive: true });
    cluster.run(cluster.members[wiped]!);
    await until(() => clients[wiped]!.leads());
    const ended = new Promise<number | null>((resolve) => cluster.members[wiped]!.process!.once("exit", resolve));
    cluster.run(cluster.members[behind]!);
    assert.equal(await within(ended, 60_000), 1);
    const log = readFileSync(join(cluster.folder, `${cluster.members[wiped]!.name}.log`), "utf8");
    assert.match(log, /another data directory than the one it took part with; remove it from the cluster and add it again/);

    cluster.run(cluster.members[leader]!);
    await until(async () => assert.equal(await clients[behind]!.value("acknowledged"), "yes"));
  } finally {
    for (const c of clients) c.close();
    await cluster.destroy();
  }
});

async function published(client: StoreClient): Promise<void> {
  const request = rpc.MemberListRequest.encode({ linearizable: true }).finish();
  const { members } = rpc.MemberListResponse.decode(await client.call("/etcdserverpb.Cluster/MemberList", request));
  assert.equal(members.filter(({ clientURLs }) => clientURLs.length > 0).length, 3);
}

async function until(run: () => Promise<unknown>, limit_ms = 60_000): Promise<void> {
  const end = performance.now() + limit_ms;
  for (;;) {
    try {
      await within(run(), 3000);
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
