import * as rpc from "@flotilla/rpc/gen/etcd/rpc.ts";
import { unary } from "../grpc/client.ts";
import type { SimWatcher } from "./client.ts";
import { type SimMember, urlOf } from "./member.ts";
import type { SimNetwork } from "./network.ts";
import type { World } from "./world.ts";

export interface NemesisPorts {
  readonly world: World;
  readonly network: SimNetwork;
  readonly members: readonly SimMember[];
  readonly watchers: readonly SimWatcher[];
  /** A machine for a member that joins the running cluster. */
  readonly join: (name: string) => SimMember;
  readonly revision: () => number;
  /** How much more often than usual leaders fall and connections are cut. */
  readonly storm: number;
}

const EVERY_MS = 50;
const RETRY_MS = 700;
const MEMBERS_MAX = 6;

/** What goes wrong, how often each tick (EVERY_MS), by chance. */
export class Nemesis {
  private readonly ports: NemesisPorts;
  private stopped = false;
  private changing = false;
  private joined = 0;

  constructor(ports: NemesisPorts) {
    this.ports = ports;
  }

  begin(): void {
    this.tick();
    this.supervise();
  }

  /** Everything is mended; members that are down come back. */
  end(): void {
    this.stopped = true;
    const { members, network } = this.ports;
    network.heal();
    for (const m of members) {
      m.disk.slowness = 1;
      m.disk.broken = false;
      m.clock?.drift({ rate: 1, offset_ms: 0 });
    }
  }

  private tick(): void {
    const { world, network, storm } = this.ports;
    if (this.stopped) return;
    world.after(EVERY_MS, () => this.tick());
    const any = world.pick(this.ports.members.filter((m) => m.kind !== "removed"));
    const leader = this.ports.members.find((m) => m.node?.role === "leader");
    if (world.chance(0.012)) any.stop("killed", false);
    if (world.chance(0.008)) any.stop("power failure", true);
    if (world.chance(0.006 * storm)) leader?.stop("killed as leader", world.chance(0.5));
    if (world.chance(0.003 * storm)) for (const m of this.ports.members) m.stop("power failure of all", true);
    if (world.chance(0.012 * storm)) this.cut(any);
    if (world.chance(0.03 * storm)) network.heal();
    if (world.chance(0.02)) this.weather();
    if (world.chance(0.01)) any.disk.slowness = world.pick([1, 1, 20, 200]);
    if (world.chance(0.002)) any.disk.broken = true;
    if (world.chance(0.01)) any.clock?.drift({ rate: world.between(0.7, 1.4), offset_ms: world.between(-60_000, 60_000) });
    if (world.chance(0.01)) void this.compact(any);
    if (world.chance(0.01)) void this.moveLeader(any);
    if (world.chance(0.01)) world.pick(this.ports.watchers).move();
    if (world.chance(0.02) && !this.changing) void this.changeMembers(any);
  }

  /** Processes that ended are started again, as a supervisor does; to the end of the run. */
  private supervise(): void {
    const { world, members } = this.ports;
    world.after(EVERY_MS, () => this.supervise());
    for (const m of members) {
      const share = (this.stopped ? 1 : 0.06) / 2 ** Math.min(m.failedStarts, 5);
      if (m.kind === "down" && world.chance(share)) m.start();
    }
  }

  private cut(one: SimMember): void {
    const { world, network } = this.ports;
    const others = this.ports.members.filter((m) => m !== one);
    const kind = world.pick(["both ways", "to it", "from it", "some"] as const);
    world.note(one.name, `is cut off: ${kind}`);
    for (const other of others) {
      if (kind !== "from it" && (kind !== "some" || world.chance(0.5))) network.cut(other.url, one.url);
      if (kind !== "to it" && (kind !== "some" || world.chance(0.5))) network.cut(one.url, other.url);
    }
  }

  private weather(): void {
    const { world, network } = this.ports;
    network.faults = world.pick([
      { loss: 0, duplication: 0, delay_ms: [0.1, 0.5] },
      { loss: 0.02, duplication: 0.05, delay_ms: [0.1, 20] },
      { loss: 0.2, duplication: 0.1, delay_ms: [1, 50] },
      { loss: 0, duplication: 0, delay_ms: [20, 200] },
    ]);
  }

  /** Requests of an administrator; whether they succeed does not matter. */
  private async ask(member: SimMember, method: string, request: Uint8Array): Promise<Buffer | undefined> {
    const session = this.ports.network.connect("adm", member.url);
    if (!session) return undefined;
    this.ports.world.after(8000, () => session.destroy());
    return unary(session.asSession, `/etcdserverpb.${method}`, request).catch((error) => {
      this.ports.world.note("adm", `${method} at ${member.name}: ${error.message}`);
      return undefined;
    });
  }

  private async compact(member: SimMember): Promise<void> {
    const { world, revision } = this.ports;
    const at = Math.max(1, revision() - Math.floor(world.between(0, 60)));
    world.note("adm", `compacts at ${at} through ${member.name}`);
    await this.ask(member, "KV/Compact", rpc.CompactionRequest.encode({ revision: at, physical: false }).finish());
  }

  private async moveLeader(member: SimMember): Promise<void> {
    const { world, members } = this.ports;
    const target = world.pick(members);
    world.note("adm", `moves the lead from ${member.name} to ${target.name}`);
    await this.ask(member, "Maintenance/MoveLeader", rpc.MoveLeaderRequest.encode({ targetID: String(target.id) }).finish());
  }

  /** One at a time: a new machine comes as learner and is promoted, or as voter; an old one goes. */
  private async changeMembers(via: SimMember): Promise<void> {
    const { world, members } = this.ports;
    const present = members.filter((m) => m.kind !== "removed");
    this.changing = true;
    if (present.length < MEMBERS_MAX && world.chance(0.6)) await this.join(via, world.chance(0.7));
    else if (present.length > 1) await this.remove(via, world.pick(present));
    this.changing = false;
  }

  private async join(via: SimMember, isLearner: boolean): Promise<void> {
    const { world } = this.ports;
    const name = `n${++this.joined}`;
    world.note("adm", `adds ${name} as ${isLearner ? "learner" : "voter"} through ${via.name}`);
    const answer = await this.ask(via, "Cluster/MemberAdd", rpc.MemberAddRequest.encode({ peerURLs: [urlOf(name)], isLearner }).finish());
    // Without an answer it may have been added all the same: its machine is there, should it be waited for.
    this.ports.join(name).start();
    if (!answer) return;
    const { ID } = rpc.MemberAddResponse.decode(answer).member!;
    for (let tries = 0; isLearner && tries < 8 && !this.stopped; tries++) {
      await world.sleep(RETRY_MS);
      const promoted = await this.ask(via, "Cluster/MemberPromote", rpc.MemberPromoteRequest.encode({ ID }).finish());
      if (promoted) return world.note("adm", `promoted ${name}`);
    }
  }

  private async remove(via: SimMember, victim: SimMember): Promise<void> {
    const { world } = this.ports;
    const { id } = victim;
    if (id === 0) return;
    world.note("adm", `removes ${victim.name} through ${via.name}`);
    const answer = await this.ask(via, "Cluster/MemberRemove", rpc.MemberRemoveRequest.encode({ ID: String(id) }).finish());
    // One that did not hear of it, cut off or down, is taken away by hand; not before the others have settled.
    await world.sleep(RETRY_MS);
    if (answer) victim.retire();
  }
}
