import type { MachineSpec } from "../spec.ts";

/** Makes hosts. All that differs between network namespaces and containers is behind this. */
export interface Driver {
  readonly name: "netns" | "host";
  /** Makes what is missing; what is there stays untouched. Resolves to the machines that were made anew. */
  ensure(machines: readonly MachineSpec[]): Promise<string[]>;
  /** Argument vector that runs a command inside a machine; undefined: in the cluster's own network, between the machines. */
  enter(machine: MachineSpec | undefined): string[];
  /** Identity of a machine's network, as /proc/PID/ns/net shows it for its processes; undefined when there is none. */
  network(machine: MachineSpec): string | undefined;
  /** Forgets all; data stays. */
  destroy(): Promise<void>;
}
