import type { Logger } from "@flotilla/base";
import { parseFlags } from "@flotilla/process/flags.ts";
import type { RawNode, Rules } from "@flotilla/raft";
import { prepareStart } from "../bootstrap.ts";
import { configOf } from "../config.ts";
import type { dial } from "../grpc/client.ts";
import { createMember, type Member, shortestLease_s } from "../member.ts";
import { type EtcdConfig, FLAGS } from "../options.ts";
import { SimDisk } from "./disk.ts";
import { SimSession } from "./http2.ts";
import { type SimNetwork, SimTransport } from "./network.ts";
import { type World, WorldClock } from "./world.ts";

/** Small figures, so that a few seconds see segments cut, snapshots written and logs shortened. */
const SNAPSHOT_COUNT = 60;
const LOG_ENTRIES_MAX = 16;
const SEGMENT_BYTES = 8 << 10;

export interface MemberOptions {
  readonly name: string;
  readonly initialCluster: string;
  readonly state: "new" | "existing";
  readonly rules: Partial<Rules>;
  /** Called with each process that starts, to plant a bug in it. */
  readonly plant: (member: Member) => void;
  /** Something is wrong that no fault explains. */
  readonly onWrong: (what: string) => void;
}

type State =
  | { readonly kind: "down" }
  | { readonly kind: "starting"; readonly clock: WorldClock }
  | { readonly kind: "up"; readonly clock: WorldClock; readonly member: Member; readonly transport: SimTransport }
  | { readonly kind: "removed" };

/** A connection that never came up: calls on it wait until it is given up. */
const REFUSED = new SimSession({ forth() {}, back() {} }, () => undefined);

/** One machine of the cluster: a disk that stays, and a process of the real store that comes and goes. */
export class SimMember {
  readonly name: string;
  readonly url: string;
  readonly disk: SimDisk;
  /** Starts in a row that came to nothing: its supervisor waits longer each time. */
  failedStarts = 0;
  private state: State = { kind: "down" };
  private readonly config: EtcdConfig;
  private readonly world: World;
  private readonly network: SimNetwork;
  private readonly options: MemberOptions;
  private readonly log: Logger;

  constructor(world: World, network: SimNetwork, options: MemberOptions) {
    this.world = world;
    this.network = network;
    this.options = options;
    this.name = options.name;
    this.url = urlOf(options.name);
    this.disk = new SimDisk(world);
    this.log = this.logger();
    this.config = configOf(parseFlags(FLAGS, this.flags()));
  }

  get kind(): State["kind"] {
    return this.state.kind;
  }

  get id(): number {
    return this.running?.replica.node.status().id ?? 0;
  }

  get running(): Member | undefined {
    return this.state.kind === "up" ? this.state.member : undefined;
  }

  get node(): RawNode | undefined {
    return this.running?.replica.node;
  }

  get clock(): WorldClock | undefined {
    return this.state.kind === "up" ? this.state.clock : undefined;
  }

  /** Starts the process from what the disk has. */
  start(): void {
    if (this.state.kind !== "down") return;
    const clock = new WorldClock(this.world);
    this.state = { kind: "starting", clock };
    this.world.note(this.name, "starts");
    this.boot(clock).catch((error) => {
      if (this.state.kind !== "starting" || this.state.clock !== clock) return;
      this.failedStarts++;
      // A member whose disk fails, or that joins and finds nobody to ask, ends and is started again.
      if (/EIO|cannot fetch cluster info|has no member with the peer URLs/.test(error.message))
        return this.stop(`could not start: ${error.message}`, false);
      this.options.onWrong(`${this.name} does not start: ${error.stack}`);
    });
  }

  /** The process ends at once; `power`: the whole machine does. */
  stop(why: string, power: boolean): void {
    const { state } = this;
    if (state.kind === "down" || state.kind === "removed") return;
    this.world.note(this.name, power ? `loses power: ${why}` : `ends: ${why}`);
    state.clock.stop();
    this.state = { kind: "down" };
    this.network.gone(this.url, power);
    if (state.kind === "up") {
      state.transport.close();
      state.member.replica.stop();
    }
    if (power) this.disk.powerFails();
    else this.disk.processEnds();
    this.disk.broken = false;
  }

  /** Removed from the cluster: it does not come back. */
  retire(): void {
    this.stop("retired", false);
    this.state = { kind: "removed" };
  }

  private async boot(clock: WorldClock): Promise<void> {
    const { world, network, log, options, config } = this;
    const alive = () => (this.state.kind === "starting" || this.state.kind === "up") && this.state.clock === clock;
    const onDiskFailure = (error: Error) => alive() && this.stop(`its disk failed: ${error.message}`, false);
    const start = await prepareStart(
      config,
      {
        disk: this.disk.process(),
        clock,
        log,
        random: world.random,
        peerTls: () => undefined,
        onDiskFailure,
        dial: this.dial(),
        segment_bytes_max: SEGMENT_BYTES,
      },
      shortestLease_s(config),
    );
    if (!alive()) return;
    const transport = new SimTransport(network, start.self, start.clusterId, this.url);
    const defer = (fn: () => void) => void world.after(0, () => alive() && fn());
    const exit = (reason: string, error?: Error) => {
      if (!alive()) return;
      if (error) return options.onWrong(`${this.name}: ${reason}: ${error.stack}`);
      this.stop(reason, false);
      this.state = { kind: "removed" };
    };
    const member = createMember(
      {
        clock,
        random: world.random,
        log,
        peers: transport,
        defer,
        exit,
        receive: (_from, messages, step) => step(messages),
        hears: () => true,
        leaderChanged: (leader) => world.note(this.name, `follows ${this.nameOf(leader)} in term ${member.replica.node.term}`),
        tuning: { rules: options.rules, logEntries_max: LOG_ENTRIES_MAX },
      },
      config,
      start,
    );
    options.plant(member);
    this.state = { kind: "up", clock, member, transport };
    this.failedStarts = 0;
    network.listen({
      url: this.url,
      peers: member.peers,
      clients: member.clients,
      receive: (from, messages) => {
        if (member.replica.machine.removed.has(from)) return false;
        try {
          member.replica.step(messages);
        } catch (error) {
          options.onWrong(`${this.name}: ${(error as Error).stack}`);
        }
        return true;
      },
    });
    member.start();
  }

  private nameOf(id: number): string {
    return id === 0 ? "nobody" : (this.running?.replica.machine.members.get(id)?.name ?? String(id));
  }

  private flags(): string[] {
    const { initialCluster, state } = this.options;
    const flags = {
      name: this.name,
      "data-dir": `/${this.name}`,
      "listen-peer-urls": this.url,
      "initial-advertise-peer-urls": this.url,
      "initial-cluster": initialCluster,
      "initial-cluster-state": state,
      "snapshot-count": SNAPSHOT_COUNT,
      "experimental-watch-progress-notify-interval": "700ms",
    };
    return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  }

  /** How a member reaches others before it has links. */
  private dial(): typeof dial {
    return (url, _tls, onUp, onClose) => {
      const session = this.network.isCut(this.url, url) ? undefined : this.network.connect(this.url, url, "peers");
      if (!session) {
        this.world.after(1, () => onClose(new Error("connect ECONNREFUSED")));
        return { session: REFUSED.asSession, close() {} };
      }
      session.onDestroy = () => onClose(new Error("read ECONNRESET"));
      this.world.after(1, onUp);
      return { session: session.asSession, close: () => session.destroy() };
    };
  }

  /** Errors are what no fault explains, except of a broken disk. */
  private logger(): Logger {
    const show = (keys?: Record<string, unknown>) =>
      Object.entries(keys ?? {})
        .map(([k, v]) => ` ${k}=${v instanceof Error ? v.message : typeof v === "object" ? JSON.stringify(v) : v}`)
        .join("");
    const info = (message: string, keys?: Record<string, unknown>) => this.world.note(this.name, message + show(keys));
    const log: Logger = {
      debug() {},
      info,
      warn: info,
      error: (message, keys) => {
        info(message, keys);
        if (!this.disk.broken) this.options.onWrong(`${this.name} logs "${message}": ${(keys?.["error"] as Error | undefined)?.stack}`);
      },
      with: () => log,
    };
    return log;
  }
}

export const urlOf = (name: string) => `http://${name}:2380`;
