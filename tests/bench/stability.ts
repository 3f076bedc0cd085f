// Leadership of the store, default settings, beside real etcd: how soon writes succeed again after the leader
// is killed, stopped, told to end or to hand over; and whether a busy machine elects anyone without need.
import { type ChildProcess, spawn } from "node:child_process";
import { cpus } from "node:os";
import { MoveLeaderRequest, StatusResponse } from "@flotilla/rpc/gen/etcd/rpc.ts";
import { StoreClient, waitForLeader } from "../../services/etcd/src/testing/client.ts";
import { hasRealEtcd, type Kind, StoreCluster } from "../../services/etcd/src/testing/processes.ts";
import { median, round } from "./measure.ts";

const ATTEMPT_MS = 200;
const WRITERS = 100;
const VALUE = "x".repeat(1024);

interface Figures {
  kill_ms: number;
  kill_all_ms: number[];
  stop_ms: number;
  stop_all_ms: number[];
  transfer_ms: number;
  transfer_all_ms: number[];
  end_ms: number;
  end_all_ms: number[];
  busy: Busy;
}

interface Busy {
  seconds: number;
  writes_per_s: number;
  /** The longest time in which nobody was answered. */
  longestGap_ms: number;
  elections: number;
}

export default async function stability(args: string[] = []): Promise<Record<string, unknown>> {
  const rounds = Number(args[0] ?? 5);
  const busy_s = Number(args[1] ?? 20);
  const ours = await measure("bundle", rounds, busy_s);
  if (!hasRealEtcd()) return { ...ours, reference: "etcd is not installed" };
  return { ...ours, etcd: await measure("etcd", rounds, busy_s), goals: { kill_ms: 300, transfer_ms: 30, elections: 0 } };
}

async function measure(kind: Kind, rounds: number, busy_s: number): Promise<Figures> {
  const cluster = await StoreCluster.start(kind);
  const clients = cluster.members.map((m) => new StoreClient(m.clientUrl));
  try {
    await waitForLeader(clients);
    await settled(clients);
    const busy = await underLoad(cluster, clients, busy_s);
    const many = async (once: () => Promise<number>) => {
      const took: number[] = [];
      for (let i = 0; i < rounds; i++) took.push(round(await once(), 0));
      return took;
    };
    const transfer_all_ms = await many(() => handOver(clients));
    const kill_all_ms = await many(() => lose(cluster, clients, "SIGKILL"));
    const end_all_ms = await many(() => lose(cluster, clients, "SIGTERM"));
    const stop_all_ms = await many(() => lose(cluster, clients, "SIGSTOP"));
    return {
      kill_ms: median(kill_all_ms),
      kill_all_ms,
      stop_ms: median(stop_all_ms),
      stop_all_ms,
      transfer_ms: median(transfer_all_ms),
      transfer_all_ms,
      end_ms: median(end_all_ms),
      end_all_ms,
      busy,
    };
  } finally {
    for (const c of clients) c.close();
    await cluster.destroy();
  }
}

/** Takes the leader away by a signal; how long until a write to one of the others succeeds. */
async function lose(cluster: StoreCluster, clients: StoreClient[], signal: NodeJS.Signals): Promise<number> {
  const leader = await waitForLeader(clients);
  const member = cluster.members[leader]!;
  const others = clients.filter((_, i) => i !== leader);
  await others[0]!.put("before", "x");
  const from = performance.now();
  member.process!.kill(signal);
  const first = await Promise.any(others.map((c, i) => writesAgain(c, `after/${i}`)));
  if (signal === "SIGSTOP") member.process!.kill("SIGCONT");
  else {
    await cluster.kill(member);
    clients[leader]!.close();
    cluster.run(member);
  }
  await settled(clients);
  return first - from;
}

/** Hands leadership to the next member; how long writes to the third one pause. */
async function handOver(clients: StoreClient[]): Promise<number> {
  const leader = await waitForLeader(clients);
  const ids = await Promise.all(clients.map(async (c) => (await status(c)).header!.memberId));
  const writer = clients[(leader + 2) % clients.length]!;
  const pauses = writing(writer);
  await pause(50);
  const targetID = ids[(leader + 1) % ids.length]!;
  await clients[leader]!.call("/etcdserverpb.Maintenance/MoveLeader", MoveLeaderRequest.encode({ targetID }).finish());
  await pause(300);
  const longest = await pauses();
  await settled(clients);
  return longest;
}

/** Writes one after the other until asked to stop; then the longest pause between two that succeeded. */
function writing(client: StoreClient): () => Promise<number> {
  let stopped = false;
  let longest = 0;
  const done = (async () => {
    for (let last = performance.now(); !stopped; ) {
      await writesAgain(client, "steady");
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }
  })();
  return async () => {
    stopped = true;
    await done;
    return longest;
  };
}

/** Every processor busy with something else, and as many writes as the members take: is anyone elected? */
async function underLoad(cluster: StoreCluster, clients: StoreClient[], seconds: number): Promise<Busy> {
  const leader = await waitForLeader(clients);
  const hogs: ChildProcess[] = cpus().map(() => spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }));
  const before = (await status(clients[leader]!)).raftTerm;
  const until = performance.now() + seconds * 1000;
  let written = 0;
  let longestGap_ms = 0;
  let last = performance.now();
  try {
    const writer = async (w: number) => {
      for (let n = 0; performance.now() < until; n++) {
        await clients[(w + n) % clients.length]!.put(`busy/${w}/${n % 100}`, VALUE);
        written++;
        const now = performance.now();
        longestGap_ms = Math.max(longestGap_ms, now - last);
        last = now;
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, w) => writer(w)));
  } finally {
    for (const h of hogs) h.kill("SIGKILL");
  }
  const terms = await Promise.all(clients.map(async (c) => (await status(c)).raftTerm));
  return {
    seconds,
    writes_per_s: round(written / seconds, 0),
    longestGap_ms: round(longestGap_ms, 0),
    elections: Math.max(...terms) - before + cluster.members.filter((m) => m.process!.exitCode !== null).length,
  };
}

const status = async (c: StoreClient) => StatusResponse.decode(await c.call("/etcdserverpb.Maintenance/Status", Buffer.alloc(0)));

/** All members follow one leader and have applied what it has. */
async function settled(clients: readonly StoreClient[]): Promise<void> {
  for (;;) {
    const all = await Promise.all(clients.map((c) => status(c).catch(() => undefined)));
    const first = all[0];
    if (first && first.leader !== "0" && all.every((s) => s?.leader === first.leader)) break;
    await pause(20);
  }
  await pause(500);
}

/** Writes until it succeeds, each try with a deadline of its own; returns when the first one did. */
async function writesAgain(client: StoreClient, key: string): Promise<number> {
  for (const until = performance.now() + 20_000; ; ) {
    try {
      const late = new Promise<never>((_, reject) => setTimeout(reject, ATTEMPT_MS, new Error("too late")));
      await Promise.race([client.put(key, "x"), late]);
      return performance.now();
    } catch (error) {
      if (performance.now() > until) throw error;
      await pause(5);
    }
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
