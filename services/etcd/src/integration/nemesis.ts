import { type Random, randomInt } from "@flotilla/base";
import { HEALTHY, type LinkFault } from "../faults/state.ts";
import { StoreClient } from "../testing/client.ts";
import { FaultsClient, link } from "../testing/faults-client.ts";
import type { Member, StoreCluster } from "../testing/processes.ts";
import type { Recorder } from "./recorder.ts";
import { within } from "./workload.ts";

const CALL_MS_MAX = 2000;
const LEADER_MS_MAX = 1500;

/** Makes one thing go wrong; what it returns mends it. */
type Fault = (n: Nemesis) => Promise<() => Promise<void>>;

/**
 * Everything that can happen to real members, as data: the name, and how. A
 * fault strikes at most a minority at a time, unless its name says "all".
 */
const FAULTS: Record<string, Fault> = {
  "kill the leader": async (n) => n.kill([await n.leader()]),
  "kill a member": async (n) => n.kill([n.any()]),
  "kill all": async (n) => n.kill(n.members),
  "stop the leader": async (n) => n.pause(await n.leader()),
  "stop a member": async (n) => n.pause(n.any()),
  "cut off the leader": async (n) => n.network([await n.leader()], [link({ cut: true })]),
  "cut off a minority": async (n) => n.network(n.minority(), [link({ cut: true })]),
  "leader is not heard": async (n) => n.network([await n.leader()], [link({ cut: true, direction: "out" })]),
  "leader hears nobody": async (n) => n.network([await n.leader()], [link({ cut: true, direction: "in" })]),
  "leader and one follower do not hear each other": async (n) => {
    const leader = await n.leader();
    const other = n.members.find((m) => m !== leader)!;
    return n.network([leader], [link({ cut: true, peer: other.name })]);
  },
  "all lose, delay, repeat messages": async (n) =>
    n.network(n.members, [link({ drop_permille: 80, duplicate_permille: 100, delay_permille: 250, delay_ms: 80 })]),
  "slow disk of the leader": async (n) => n.disk([await n.leader()], { sync_delay_ms: 300 + randomInt(n.random, 2000) }),
  "slow disks of all": async (n) => n.disk(n.members, { sync_delay_ms: 50 + randomInt(n.random, 150) }),
  "a sync fails": async (n) => n.fatal(n.any(), { syncFailure_permille: 1000 }),
  "the leader's disk runs full": async (n) => n.fatal(await n.leader(), { full: true, fullAfter_bytes: randomInt(n.random, 5000) }),
  "wrong clocks of all": async (n) => n.clocks(),
  "a graceful stop of the leader": async (n) => n.kill([await n.leader()], "SIGTERM"),
};

export const FAULT_NAMES = Object.keys(FAULTS);

/** Breaks members, one fault at a time, and mends them. Owns the processes while it runs. */
export class Nemesis {
  readonly random: Random;
  /** Members that ended although nothing was done to them that ends a member. */
  readonly unexpected: string[] = [];
  private readonly mayEnd = new Set<Member>();
  private readonly cluster: StoreCluster;
  private readonly recorder: Recorder;
  private readonly clients: Map<Member, { store: StoreClient; faults: FaultsClient }>;

  constructor(cluster: StoreCluster, random: Random, recorder: Recorder) {
    this.cluster = cluster;
    this.random = random;
    this.recorder = recorder;
    this.clients = new Map(cluster.members.map((m) => [m, { store: new StoreClient(m.clientUrl), faults: new FaultsClient(m.peerUrl) }]));
  }

  get members(): readonly Member[] {
    return this.cluster.members;
  }

  close(): void {
    for (const { store, faults } of this.clients.values()) {
      store.close();
      faults.close();
    }
  }

  /** Each of `names` once per round, in an order of this seed, until the time is over. */
  async run(until_ms: number, names: readonly string[] = FAULT_NAMES): Promise<void> {
    for (;;) {
      for (const name of shuffled(names, this.random)) {
        if (this.recorder.now_ms() > until_ms) return;
        await pause(200 + randomInt(this.random, 500));
        await this.strike(name, 300 + randomInt(this.random, 1700));
      }
    }
  }

  async strike(name: string, length_ms: number): Promise<void> {
    try {
      this.recorder.mark(`→ ${name}`);
      const mend = await FAULTS[name]!(this);
      await pause(length_ms);
      await mend();
      this.recorder.mark(`← ${name}`);
    } catch (error) {
      // Nobody leads just now, or the member does not answer: this fault does not come to pass.
      this.recorder.mark(`${name}: not done, ${(error as Error).message}`);
      await this.heal();
    }
  }

  /** Everything runs and nothing is wrong any more. */
  async heal(): Promise<void> {
    for (const m of this.members) m.process?.kill("SIGCONT");
    const mend = async (m: Member) => {
      if (hasExited(m)) this.revive(m);
      await this.of(m).faults.clear();
    };
    await Promise.all(this.members.map((m) => until(() => mend(m))));
    this.mayEnd.clear();
  }

  /** Starts a member again. That it ended with a failure must have had its reason. */
  private revive(m: Member): void {
    const code = m.process?.exitCode;
    if (code && !this.mayEnd.has(m)) this.unexpected.push(`${m.name} has ended by itself with exit code ${code}`);
    this.cluster.run(m);
  }

  async leader(): Promise<Member> {
    const end = performance.now() + LEADER_MS_MAX;
    while (performance.now() < end) {
      for (const m of this.members) if (await within(this.of(m).store.leads(), 200).catch(() => false)) return m;
      await pause(50);
    }
    throw new Error("nobody leads");
  }

  any(): Member {
    return this.members[randomInt(this.random, this.members.length)]!;
  }

  minority(): Member[] {
    return shuffled(this.members, this.random).slice(0, (this.members.length - 1) >> 1);
  }

  async kill(members: readonly Member[], signal: NodeJS.Signals = "SIGKILL"): Promise<() => Promise<void>> {
    this.recorder.mark(`${signal} ${names(members)}`);
    await Promise.all(members.map((m) => this.cluster.kill(m, signal)));
    return async () => {
      for (const m of members) this.revive(m);
    };
  }

  async pause(m: Member): Promise<() => Promise<void>> {
    this.recorder.mark(`SIGSTOP ${m.name}`);
    m.process!.kill("SIGSTOP");
    return async () => void m.process!.kill("SIGCONT");
  }

  async network(members: readonly Member[], links: readonly LinkFault[]): Promise<() => Promise<void>> {
    this.recorder.mark(`network of ${names(members)}`);
    await this.each(members, (f) => f.set({ network: links }));
    return () => this.each(members, (f) => f.clear());
  }

  async disk(members: readonly Member[], disk: Partial<typeof HEALTHY.disk>): Promise<() => Promise<void>> {
    this.recorder.mark(`disk of ${names(members)}: ${JSON.stringify(disk)}`);
    await this.each(members, (f) => f.set({ disk: { ...HEALTHY.disk, ...disk } }));
    return () => this.each(members, (f) => f.clear());
  }

  /** A disk fault that ends the member, with exit code 1; mended by a restart. */
  async fatal(m: Member, disk: Partial<typeof HEALTHY.disk>): Promise<() => Promise<void>> {
    this.mayEnd.add(m);
    const exited = new Promise<number | null>((resolve) => m.process!.once("exit", resolve));
    await this.disk([m], disk);
    return async () => {
      // Something must be written for the disk to fail, even when the load is over.
      const poke = setInterval(() => void this.poke(), 200);
      const code = await within(exited, 45_000).catch(() => "none");
      clearInterval(poke);
      this.recorder.mark(`${m.name} has ended with exit code ${code}`);
      if (code !== 1) throw new Error(`${m.name} went on with a failed disk`);
      this.revive(m);
      this.mayEnd.delete(m);
    };
  }

  async clocks(): Promise<() => Promise<void>> {
    const wrong = () => ({ offset_ms: randomInt(this.random, 20_000) - 10_000, drift_ppm: randomInt(this.random, 400_000) - 200_000 });
    await this.each(this.members, (f) => f.set({ clock: wrong() }));
    return () => this.each(this.members, (f) => f.clear());
  }

  /** A write outside of the history. */
  private async poke(): Promise<void> {
    await within(this.of(this.any()).store.put("poke", "x".repeat(1000)), CALL_MS_MAX).catch(() => {});
  }

  private of(m: Member) {
    return this.clients.get(m)!;
  }

  private async each(members: readonly Member[], run: (f: FaultsClient) => Promise<void>): Promise<void> {
    await Promise.all(members.map((m) => until(() => run(this.of(m).faults))));
  }
}

export const hasExited = ({ process }: Member) => !process || process.exitCode !== null || process.signalCode !== null;

const names = (members: readonly Member[]) => members.map((m) => m.name).join(", ");

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = randomInt(random, i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

/** A member that was just started does not answer at once. */
async function until(run: () => Promise<void>, limit_ms = 60_000): Promise<void> {
  const end = performance.now() + limit_ms;
  for (;;) {
    try {
      return await within(run(), CALL_MS_MAX);
    } catch (error) {
      if (performance.now() > end) throw error;
      await pause(30);
    }
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
