import { randomInt, seededRandom } from "@flotilla/base";
import {
  checkAcknowledged,
  checkLinearizable,
  checkWatch,
  kvModel,
  mergeHistory,
  settle,
} from "@flotilla/testing/linearizability/index.ts";
import { StoreClient, waitForLeader } from "../testing/client.ts";
import { execute } from "../testing/kv-client.ts";
import { StoreCluster } from "../testing/processes.ts";
import { hasExited, Nemesis, pause } from "./nemesis.ts";
import { Recorder } from "./recorder.ts";
import { Watcher } from "./watcher.ts";
import { PREFIX, Workload, within } from "./workload.ts";

export interface HistoryOptions {
  readonly seed: number;
  readonly members: number;
  readonly clients: number;
  readonly length_ms: number;
  /** All of them by default. */
  readonly faults?: readonly string[];
  readonly flags?: readonly string[];
  /** A planted fault of the test itself: reads ask no majority. The verdict must be a violation. */
  readonly staleReads?: boolean;
}

export interface HistoryOutcome {
  readonly options: HistoryOptions;
  readonly recorder: Recorder;
  /** What is wrong; empty when everything is as it must be. */
  readonly violations: readonly string[];
  /** Given up: neither right nor wrong. */
  readonly undecided: string | undefined;
  readonly events: number;
}

/** Snapshots often, so that restarts and slow members meet them. */
const FLAGS = ["--experimental-fault-injection", "--snapshot-count", "1500"];
/** On a machine that is busy with other tests, too. */
const SETTLE_MS_MAX = 90_000;

/**
 * Real members under load while everything goes wrong that a seed chooses; then
 * everything is mended and the whole history judged.
 */
export async function runHistory(options: HistoryOptions): Promise<HistoryOutcome> {
  const { seed, members, clients, length_ms } = options;
  const cluster = await StoreCluster.start("source", members, [...FLAGS, ...(options.flags ?? [])]);
  const random = seededRandom(seed);
  const urls = cluster.members.map((m) => m.clientUrl);
  const own = urls.map((url) => new StoreClient(url));
  const violations: string[] = [];
  let nemesis: Nemesis | undefined;
  try {
    await waitForLeader(own);
    const recorder = new Recorder();
    nemesis = new Nemesis(cluster, seededRandom(randomInt(random, 2 ** 31)), recorder);
    const watchers = urls.slice(0, 3).map((_, i) => new Watcher(`w${i}`, urls, i, recorder));
    const watching = watchers.map((w) => w.run());
    const load = Array.from({ length: clients }, (_, i) =>
      new Workload({ name: `c${i}`, urls, random: seededRandom(randomInt(random, 2 ** 31)), recorder, staleReads: options.staleReads }).run(
        length_ms,
      ),
    );
    await nemesis.run(length_ms, options.faults);
    await Promise.all(load);
    await nemesis.heal();
    for (const c of own) c.close();
    recorder.mark("all mended");
    const last = await finalWrite(own, recorder);
    recorder.mark("writes succeed");
    await Promise.all(watchers.map((w) => w.reach(last, SETTLE_MS_MAX)));
    await Promise.all(watching);
    violations.push(...(await sameState(own)));
    violations.push(...nemesis.unexpected);
    for (const m of cluster.members) if (hasExited(m)) violations.push(`${m.name} has ended by itself: ${m.process?.exitCode}`);
    return { options, recorder, ...judge(recorder, violations) };
  } finally {
    nemesis?.close();
    for (const c of own) c.close();
    await cluster.destroy();
  }
}

/** One more write, as an operation of the history; its revision is the history's end. */
async function finalWrite(clients: readonly StoreClient[], recorder: Recorder): Promise<number> {
  const until = performance.now() + SETTLE_MS_MAX;
  for (let n = 0; performance.now() < until; n++) {
    const client = clients[n % clients.length]!;
    const input = { kind: "put", key: `${PREFIX}end`, value: `end.${n}` } as const;
    const output = await recorder.operate("end", input, () => within(execute(client, input), 3000));
    if (output) return output.revision!;
    client.close();
    await pause(100);
  }
  throw new Error("no write succeeds although everything was mended");
}

/** Members must agree in the end, as soon as all have caught up. */
async function sameState(clients: readonly StoreClient[]): Promise<string[]> {
  const until = performance.now() + SETTLE_MS_MAX;
  for (;;) {
    const hashes = await Promise.all(clients.map((c) => within(c.hash(), 3000).catch((e: Error) => e.message)));
    if (new Set(hashes).size === 1 && typeof hashes[0] === "number") return [];
    if (performance.now() > until) return [`the members do not hold the same: ${hashes.join(", ")}`];
    await pause(100);
  }
}

function judge(recorder: Recorder, before: readonly string[]): Pick<HistoryOutcome, "violations" | "undecided" | "events"> {
  const { operations, streams } = recorder;
  const { history, conflict } = mergeHistory(streams);
  const plain = [...before, conflict, ...streams.map((s) => checkWatch(s, history)), checkAcknowledged(operations, history)];
  const violations = plain.filter((v) => v !== undefined);
  const events = history.length;
  // The search takes long where there is no order to be found: not when it is known already that something is wrong.
  if (violations.length > 0) return { violations, undecided: undefined, events };
  const verdict = checkLinearizable(kvModel, settle(operations, history));
  if (verdict.verdict === "violation") violations.push(verdict.message);
  return { violations, undecided: verdict.verdict === "undecided" ? verdict.message : undefined, events };
}
