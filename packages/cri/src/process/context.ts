import type { Clock, Logger, Random } from "@flotilla/base";
import type { PodNetwork } from "../cni/network.ts";
import { criErrors } from "../errors.ts";
import type { Cgroups } from "./cgroups.ts";
import type { ContainerRecord, SandboxState, StateFolder } from "./state.ts";

/** What the parts of the process handler share. */
export interface ProcessContext {
  clock: Clock;
  random: Random;
  log: Logger;
  network: PodNetwork;
  cgroups: Cgroups;
  imageDir: string;
  rootDir: string;
  pausePath: string;
  /** The machine's network namespace, e.g. "net:[4026531840]". */
  machineNet: string;
  sandboxFolder: StateFolder<SandboxState>;
  containerFolder: StateFolder<ContainerRecord>;
  sandboxes: Map<string, SandboxState>;
  containers: Map<string, ContainerRecord>;
}

const ID_BYTES = 32;

export function newId(random: Random): string {
  return Buffer.from(random.bytes(ID_BYTES)).toString("hex");
}

/** CRI allows a prefix of the id where it is unambiguous. */
function byId<T>(records: Map<string, T>, id: string): T | undefined {
  const exact = records.get(id);
  if (exact || id.length === 0) return exact;
  const matches = [...records.keys()].filter((key) => key.startsWith(id));
  return matches.length === 1 ? records.get(matches[0]!) : undefined;
}

export function findSandbox(context: ProcessContext, id: string): SandboxState | undefined {
  return byId(context.sandboxes, id);
}

export function needSandbox(context: ProcessContext, id: string): SandboxState {
  const sandbox = findSandbox(context, id);
  if (!sandbox) throw criErrors.sandboxNotFound(id);
  return sandbox;
}

export function findContainer(context: ProcessContext, id: string): ContainerRecord | undefined {
  return byId(context.containers, id);
}

export function needContainer(context: ProcessContext, id: string): ContainerRecord {
  const container = findContainer(context, id);
  if (!container) throw criErrors.containerNotFound(id);
  return container;
}

/** NamespaceMode.NODE. */
const NODE = 2;

export function isHostNetwork(sandbox: SandboxState): boolean {
  return sandbox.config.linux?.securityContext?.namespaceOptions?.network === NODE;
}
