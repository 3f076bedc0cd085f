// How long the store is away: after its leader is killed, after a transfer, and while a full member restarts.
import { StoreClient, waitForLeader } from "../../services/etcd/src/testing/client.ts";
import type { StoreCluster } from "../../services/etcd/src/testing/processes.ts";
import { memberId, moveLeader, putMany } from "./store-requests.ts";

const ATTEMPT_MS = 200;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Kills the leader while a client writes to the others in turn; brings it back afterwards. */
export async function killLeader_ms(cluster: StoreCluster, clients: StoreClient[]): Promise<number> {
  const leader = await waitForLeader(clients);
  const others = clients.filter((_, i) => i !== leader);
  await retry(others[0]!, "failover/before");
  const killed = performance.now();
  await cluster.kill(cluster.members[leader]!);
  const first = await Promise.any(others.map(async (c, i) => retry(c, `failover/${i}`)));
  const took = first - killed;
  clients[leader]!.close();
  cluster.run(cluster.members[leader]!);
  await retry(clients[leader]!, "failover/back");
  await pause(500);
  return took;
}

/** The longest wait of a client of another member that writes all the time, while leadership is handed over. */
export async function transfer_ms(clients: StoreClient[]): Promise<number> {
  const leader = await waitForLeader(clients);
  const target = (leader + 1) % clients.length;
  let running = true;
  let longest_ms = 0;
  const writer = (async () => {
    for (let last = performance.now(); running; ) {
      last = performance.now();
      await retry(clients[target]!, "transfer");
      longest_ms = Math.max(longest_ms, performance.now() - last);
    }
  })();
  await pause(300);
  longest_ms = 0;
  const id = await memberId(clients[target]!);
  // The leader may have changed just before; a transfer that fails shows in the longest wait.
  await moveLeader(clients[leader]!, id).catch(async () => moveLeader(clients[await waitForLeader(clients)]!, id).catch(() => {}));
  await pause(300);
  running = false;
  await writer;
  return longest_ms;
}

const KEYS = 200_000;
const KEYS_PER_TXN = 100;
const VALUE = "v".repeat(256);

/** From the start of a follower's process, which was killed, until it answers with all 200,000 keys. */
export async function restart_s(cluster: StoreCluster, clients: StoreClient[]): Promise<number> {
  const leader = await waitForLeader(clients);
  let next = 0;
  const fill = async () => {
    while (next < KEYS) {
      const from = next;
      next += KEYS_PER_TXN;
      const keys = Array.from({ length: KEYS_PER_TXN }, (_, i) => `restart/${String(from + i).padStart(8, "0")}`);
      await putMany(clients[leader]!, keys, VALUE);
    }
  };
  await Promise.all(Array.from({ length: 8 }, fill));
  const victim = (leader + 1) % clients.length;
  await cluster.kill(cluster.members[victim]!);
  clients[victim]!.close();
  await retry(clients[leader]!, "restart/last");
  const started = performance.now();
  cluster.run(cluster.members[victim]!);
  const client = new StoreClient(cluster.members[victim]!.clientUrl);
  try {
    // A serializable read is the member's own knowledge.
    while ((await client.value("restart/last", true).catch(() => undefined)) !== "x") await pause(10);
    return (performance.now() - started) / 1000;
  } finally {
    client.close();
  }
}

/** Writes until it succeeds, each try with a deadline of its own; returns when the first one did. */
async function retry(client: StoreClient, key: string): Promise<number> {
  const until = performance.now() + 20_000;
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(reject, ATTEMPT_MS, new Error("too late"));
      });
      await Promise.race([client.put(key, "x"), late]);
      return performance.now();
    } catch (error) {
      if (performance.now() > until) throw error;
      await pause(5);
    } finally {
      clearTimeout(timer);
    }
  }
}
