import { type Clock, type Random, randomInt } from "@flotilla/base";
import type { Message, NodeId } from "@flotilla/raft";
import type { PeerTransport } from "../peer/transport.ts";
import type { Direction, Faults, LinkFault } from "./state.ts";

export interface NetworkFaultPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** A member's name, to find the faults that mean it. */
  readonly nameOf: (id: NodeId) => string | undefined;
}

/** Messages held back at most; more are lost, as in a router's queue. */
const HELD_MAX = 10_000;

/**
 * What a bad network does to Raft's messages, on the way out and on the way in.
 * Connections stay up: a cut is silence, as when packets are dropped. Order is
 * kept among the messages that are not late; a late one is overtaken.
 */
export class NetworkFaults {
  private readonly faults: Faults;
  private readonly ports: NetworkFaultPorts;
  private held = 0;

  constructor(faults: Faults, ports: NetworkFaultPorts) {
    this.faults = faults;
    this.ports = ports;
  }

  /** Does nothing at all get through? */
  isCut(direction: "in" | "out", peer: NodeId): boolean {
    return this.meant(direction, peer).some((f) => f.cut);
  }

  /** Delivers what gets through at once; what is late comes by `deliver` later. */
  pass(direction: "in" | "out", peer: NodeId, messages: readonly Message[], deliver: (messages: readonly Message[]) => void): void {
    const links = this.meant(direction, peer);
    if (links.length === 0) return deliver(messages);
    const onTime = messages.filter((m) => {
      const fate = this.fateOf(links);
      if (fate.copy_ms !== undefined) this.later([m], fate.copy_ms, deliver);
      if (fate.kind === "late") this.later([m], fate.delay_ms, deliver);
      return fate.kind === "on-time";
    });
    if (onTime.length > 0) deliver(onTime);
  }

  private meant(direction: "in" | "out", peer: NodeId): readonly LinkFault[] {
    const { network } = this.faults.current;
    if (network.length === 0) return network;
    const names = ["", peer.toString(16), this.ports.nameOf(peer)];
    return network.filter((f) => includes(f.direction, direction) && names.includes(f.peer));
  }

  private fateOf(links: readonly LinkFault[]): Fate {
    let delay_ms: number | undefined;
    let copy_ms: number | undefined;
    for (const f of links) {
      if (f.cut) return this.lost("cut");
      if (this.strikes(f.drop_permille)) return this.lost("dropped");
      if (this.strikes(f.duplicate_permille)) copy_ms = this.within(f.delay_ms, "duplicated");
      if (this.strikes(f.delay_permille)) delay_ms = (delay_ms ?? 0) + this.within(f.delay_ms, "delayed");
    }
    return delay_ms === undefined ? { kind: "on-time", copy_ms } : { kind: "late", delay_ms, copy_ms };
  }

  private lost(strike: "cut" | "dropped"): Fate {
    this.faults.count(strike);
    return { kind: "lost", copy_ms: undefined };
  }

  private strikes(permille: number): boolean {
    return permille > 0 && this.ports.random.next() * 1000 < permille;
  }

  private within(delay_ms: number, strike: "duplicated" | "delayed"): number {
    this.faults.count(strike);
    return randomInt(this.ports.random, delay_ms + 1);
  }

  private later(messages: readonly Message[], delay_ms: number, deliver: (messages: readonly Message[]) => void): void {
    if (this.held >= HELD_MAX) return;
    this.held++;
    this.ports.clock.setTimeout(() => {
      this.held--;
      deliver(messages);
    }, delay_ms);
  }
}

type Fate =
  | { kind: "on-time"; copy_ms: number | undefined }
  | { kind: "late"; delay_ms: number; copy_ms: number | undefined }
  | { kind: "lost"; copy_ms: undefined };

const includes = (fault: Direction, direction: "in" | "out") => fault === "both" || fault === direction;

/** A transport whose outgoing messages meet the faults. A lost message is not reported: the sender cannot know. */
export function faultyTransport(inner: PeerTransport, network: NetworkFaults): PeerTransport {
  return {
    get events() {
      return inner.events;
    },
    set events(events) {
      inner.events = events;
    },
    sync: (members) => inner.sync(members),
    isUp: (id) => inner.isUp(id),
    session: (id) => (network.isCut("out", id) || network.isCut("in", id) ? undefined : inner.session(id)),
    send(messages) {
      const unreachable: NodeId[] = [];
      for (const [to, list] of Map.groupBy(messages, (m) => m.to)) {
        network.pass("out", to, list, (now) => void unreachable.push(...inner.send(now)));
      }
      return unreachable;
    },
    heardFrom: (id, urls) => inner.heardFrom(id, urls),
    close: () => inner.close(),
  };
}
