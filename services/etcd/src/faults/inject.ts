import type { Clock, Logger, Random } from "@flotilla/base";
import type { Message, NodeId } from "@flotilla/raft";
import type { Router } from "../grpc/server.ts";
import type { PeerTransport } from "../peer/transport.ts";
import type { Disk } from "../storage/disk.ts";
import { skewedClock } from "./clock.ts";
import { faultyDisk } from "./disk.ts";
import { faultyTransport, NetworkFaults } from "./network.ts";
import { serveFaults } from "./service.ts";
import { Faults } from "./state.ts";

export interface HonestPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly disk: Disk;
}

type Step = (messages: readonly Message[]) => void;

/** A member's ports, with or without faults around them. */
export interface Injection {
  readonly clock: Clock;
  readonly disk: Disk;
  /** Around the way out; `nameOf` finds the faults that mean a member. */
  transport(inner: PeerTransport, nameOf: (id: NodeId) => string | undefined): PeerTransport;
  /** Around the way in. */
  receive(from: NodeId, messages: readonly Message[], step: Step): void;
  /** Whether calls from this member get through. */
  hears(from: NodeId): boolean;
  serve(router: Router): void;
}

export const noFaults = ({ clock, disk }: HonestPorts): Injection => ({
  clock,
  disk,
  transport: (inner) => inner,
  receive: (_from, messages, step) => step(messages),
  hears: () => true,
  serve() {},
});

/** @see Faults, the switchboard that the service of the same name works on. */
export function withFaults(ports: HonestPorts, faults = new Faults()): Injection {
  let network: NetworkFaults | undefined;
  return {
    clock: skewedClock(ports.clock, faults),
    disk: faultyDisk(ports.disk, faults, ports),
    transport(inner, nameOf) {
      network = new NetworkFaults(faults, { ...ports, nameOf });
      return faultyTransport(inner, network);
    },
    receive: (from, messages, step) => (network ? network.pass("in", from, messages, step) : step(messages)),
    hears: (from) => !network?.isCut("in", from),
    serve: (router) => serveFaults(router, faults, ports.log),
  };
}
