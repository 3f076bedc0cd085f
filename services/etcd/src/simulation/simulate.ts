import { hashKv } from "@flotilla/mvcc";
import type { Rules } from "@flotilla/raft";
import { Checker, Violation } from "@flotilla/raft/testing/checker.ts";
import { checkAcknowledged, checkLinearizable, checkWatch, kvModel, settle } from "@flotilla/testing/linearizability/index.ts";
import { Recording, SimClient, SimWatcher } from "./client.ts";
import { SimMember } from "./member.ts";
import { Nemesis } from "./nemesis.ts";
import { QUIET, SimNetwork } from "./network.ts";
import { Oracle } from "./oracle.ts";
import { PLANTS, type Plant } from "./plants.ts";
import { World } from "./world.ts";

export interface StoreSimOptions {
  readonly seed: number;
  /** Virtual time under faults. */
  readonly faults_ms?: number;
  /** A bug to put in, to see it found. */
  readonly plant?: Plant;
  /** Gets every line of the trace. */
  readonly print?: (line: string) => void;
}

export interface StoreSimResult {
  readonly operations: number;
  readonly answered: number;
  readonly revisions: number;
  readonly terms: number;
  /** The same for the same seed. */
  readonly fingerprint: string;
}

const FAULTS_MS = 6000;
const STORM = 6;
const CLIENTS = 3;
const WATCHERS = 2;
/** Without faults a cluster is whole again in this time: silent connections are given up, elections held. */
const HEAL_MS = 8000;
/** After the last write everyone has time to see it. */
const CALM_MS = 3000;

/**
 * One run of the whole store in virtual time: real members on simulated disks,
 * clocks and networks, real requests from simulated clients; faults for a while,
 * then none. @throws Violation with the end of the trace
 */
export async function simulateStore(options: StoreSimOptions): Promise<StoreSimResult> {
  const run = new StoreSimulation(options);
  try {
    return await run.run();
  } catch (error) {
    const { message, stack } = error as Error;
    throw new Violation(`seed ${options.seed}: ${message}\n${run.world.tail}`, { cause: stack });
  }
}

class StoreSimulation {
  readonly world: World;
  private readonly network: SimNetwork;
  private readonly members: SimMember[] = [];
  private readonly checker = new Checker();
  private readonly oracle = new Oracle();
  private readonly recording = new Recording();
  private readonly clients: SimClient[];
  private readonly watchers: SimWatcher[];
  private readonly nemesis: Nemesis;
  private readonly options: StoreSimOptions;
  private readonly rules: Partial<Rules>;
  private wrong: string | undefined;

  constructor(options: StoreSimOptions) {
    this.options = options;
    const world = new World(options.seed, options.print);
    this.world = world;
    this.network = new SimNetwork(world);
    this.rules = (options.plant && PLANTS[options.plant].rules) ?? {};
    const size = world.pick([1, 3, 3, 3, 3, 3, 5]);
    const names = Array.from({ length: size }, (_, i) => `m${i + 1}`);
    for (const name of names) this.add(name, names, "new");
    const urls = () => this.members.filter((m) => m.kind !== "removed").map((m) => m.url);
    this.clients = Array.from({ length: CLIENTS }, (_, i) => new SimClient(world, this.network, `c${i + 1}`, urls, this.recording));
    this.watchers = Array.from({ length: WATCHERS }, (_, i) => new SimWatcher(world, this.network, `w${i + 1}`, urls, this.recording));
    this.nemesis = new Nemesis({
      world,
      network: this.network,
      members: this.members,
      watchers: this.watchers,
      join: (name) => this.add(name, [...this.members.filter((m) => m.kind !== "removed").map((m) => m.name), name], "existing"),
      revision: () => this.oracle.revision,
      storm: options.plant || world.chance(0.3) ? STORM : 1,
    });
  }

  async run(): Promise<StoreSimResult> {
    const { world } = this;
    for (const m of this.members) m.start();
    for (const actor of [...this.clients, ...this.watchers]) void actor.run();
    await this.pass(700);
    this.nemesis.begin();
    await this.pass(this.options.faults_ms ?? FAULTS_MS);
    this.nemesis.end();
    world.note("-", "no faults from here on");
    this.network.faults = QUIET;
    for (const c of this.clients) c.calm = 8;
    await this.pass(HEAL_MS);
    const before = this.answered;
    await this.pass(1500);
    if (this.answered === before) throw new Violation("liveness: the healed cluster answers nobody");
    for (const c of this.clients) c.stop();
    await this.pass(CALM_MS);
    this.judge();
    const terms = Math.max(...this.members.map((m) => m.node?.term ?? 0));
    const { operations } = this.recording;
    return {
      operations: operations.length,
      answered: this.answered,
      revisions: this.oracle.revision,
      terms,
      fingerprint: world.fingerprint(),
    };
  }

  private get answered(): number {
    return this.clients.reduce((n, c) => n + c.answered, 0);
  }

  private add(name: string, all: readonly string[], state: "new" | "existing"): SimMember {
    const plant = this.options.plant && PLANTS[this.options.plant];
    const member = new SimMember(this.world, this.network, {
      name,
      initialCluster: all.map((n) => `${n}=http://${n}:2380`).join(","),
      state,
      rules: this.rules,
      plant: (m) => plant?.member?.(m, this.world),
      onWrong: (what) => {
        this.wrong ??= what;
      },
    });
    if (plant?.disk) plant.disk(member.disk);
    this.members.push(member);
    return member;
  }

  private pass(duration_ms: number): Promise<void> {
    return this.world.run(duration_ms, () => {
      if (this.wrong) throw new Violation(this.wrong);
      this.checker.observe(this.members);
      for (const m of this.members) {
        const store = m.running?.replica.machine.store;
        if (store) this.oracle.observe(m.name, store);
      }
    });
  }

  /** When all is quiet: members agree, and clients were told the truth. */
  private judge(): void {
    const leader = this.members.find(
      (m) => m.node?.role === "leader" && m.running!.replica.machine.store.revision === this.oracle.revision,
    );
    if (!leader) throw new Violation("liveness: nobody leads");
    // Who is in the cluster, whatever those think who were cut off when they were removed.
    const names = [...leader.running!.replica.machine.members.values()].map((m) => m.peerURLs[0]);
    const first = leader.running!.replica.machine;
    for (const m of this.members) {
      if (!names.includes(m.url)) continue;
      const machine = m.running?.replica.machine;
      if (!machine) throw new Violation(`liveness: ${m.name} does not run`);
      if (machine.store.revision !== this.oracle.revision) {
        throw new Violation(`liveness: ${m.name} is at revision ${machine.store.revision} of ${this.oracle.revision}`);
      }
      if (machine.store.compacted === first.store.compacted && hashKv(machine.store, 0) !== hashKv(first.store, 0)) {
        throw new Violation(`${m.name} and ${leader.name} differ in what they hold`);
      }
    }
    const { history } = this.oracle;
    for (const w of this.watchers) if (w.next <= this.oracle.revision) throw new Violation(`${w.name} has seen nothing from ${w.next} on`);
    for (const watch of this.recording.watches) this.must(checkWatch(watch, history));
    const { operations } = this.recording;
    this.must(checkAcknowledged(operations, history));
    const verdict = checkLinearizable(kvModel, settle(operations, history), 200_000);
    if (verdict.verdict === "violation") throw new Violation(`not linearizable: ${verdict.message}`);
  }

  private must(wrong: string | undefined): void {
    if (wrong) throw new Violation(wrong);
  }
}
