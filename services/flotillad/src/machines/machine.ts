import { mkdirSync, readlinkSync } from "node:fs";
import type { Clock, Logger, Random } from "@flotilla/base";
import { type ProcessId, readStat, signal } from "@flotilla/cri/process/proc.ts";
import type { Docker } from "../docker.ts";
import { machineFolders } from "../layout.ts";
import { podProcesses, processesInNetwork, runtimeProcesses } from "../processes/pods.ts";
import { endProcess, Supervised } from "../processes/supervised.ts";
import { clusterLabel, type MachineFacts, machineLabel, machineProcesses, runtimeOf } from "./components.ts";

export interface ComponentStatus {
  name: string;
  component: string;
  machine: string;
  pid: number;
  state: "running" | "paused" | "exited";
  restarts: number;
}

export interface MachinePorts {
  clock: Clock;
  random: Random;
  log: Logger;
  docker: Docker;
  /** The network's identity, from the driver. */
  network: () => string | undefined;
}

/** How long the control plane's parts get to end in order when a machine is stopped. */
const STOP_GRACE_MS = 3000;

const LEASE_HOLDERS = new Set(["kube-scheduler", "kube-controller-manager"]);

/** One machine: its runtime, its kubelet, and through them all that runs on it. */
export class Machine {
  readonly facts: MachineFacts;
  private readonly ports: MachinePorts;
  private readonly supervised: Supervised[];
  private paused = false;
  private up = false;

  constructor(facts: MachineFacts, ports: MachinePorts) {
    this.facts = facts;
    this.ports = ports;
    const log = ports.log.with({ machine: facts.machine.name });
    this.supervised = machineProcesses(facts).map((spec) => new Supervised(spec, { ...ports, log }));
  }

  get name(): string {
    return this.facts.machine.name;
  }

  get state(): "running" | "paused" | "dead" {
    return !this.up ? "dead" : this.paused ? "paused" : "running";
  }

  private get folder() {
    return this.facts.layout.machine(this.name);
  }

  start(): void {
    if (this.up) return;
    for (const folder of machineFolders(this.folder)) mkdirSync(folder, { recursive: true });
    this.up = true;
    for (const process of this.supervised) process.start();
  }

  /** As losing power: SIGKILL to everything at once. */
  async kill(): Promise<void> {
    this.up = false;
    this.paused = false;
    await Promise.all([
      ...this.supervised.map((process) => process.stop(0)),
      this.endRest(0),
      this.eachContainer((id) => this.ports.docker.kill(id)),
    ]);
    // Anything that was being started while we looked.
    await this.endRest(0);
  }

  /**
   * The first half of stopping: the parts that hold leases end while there still is an API server
   * to give them back to; else the next start waits until they run out.
   */
  async quiesce(): Promise<void> {
    if (!this.up) return;
    if (this.paused) await this.resume();
    this.up = false;
    // The kubelet first: it would bring them back.
    await this.find("kubelet")?.stop(STOP_GRACE_MS);
    const holders = podProcesses(this.folder.cri).filter((pod) => pod.namespace === "kube-system" && LEASE_HOLDERS.has(pod.container));
    await Promise.all(holders.flatMap(({ main }) => (main ? [endProcess(this.ports.clock, main, STOP_GRACE_MS)] : [])));
  }

  async stop(): Promise<void> {
    await this.quiesce();
    await Promise.all(this.supervised.map((process) => process.stop(STOP_GRACE_MS)));
    await Promise.all([this.endRest(STOP_GRACE_MS), this.eachContainer((id) => this.ports.docker.kill(id))]);
    await this.endRest(0);
  }

  async pause(): Promise<void> {
    this.paused = true;
    for (const id of this.everything()) signal(id, "SIGSTOP");
    await this.eachContainer((id) => this.ports.docker.pause(id));
  }

  async resume(): Promise<void> {
    this.paused = false;
    await this.eachContainer((id) => this.ports.docker.unpause(id));
    for (const id of this.everything()) signal(id, "SIGCONT");
  }

  find(component: string): Supervised | undefined {
    return this.supervised.find((process) => process.spec.component === component);
  }

  components(): ComponentStatus[] {
    const own = this.supervised.map((process): ComponentStatus => {
      const { component } = process.spec;
      const id = process.process;
      return {
        name: `${component}-${this.name}`,
        component,
        machine: this.name,
        pid: id?.pid ?? 0,
        state: !id ? "exited" : stateOf(id),
        restarts: process.restartCount,
      };
    });
    const pods = podProcesses(this.folder.cri)
      .filter((pod) => pod.namespace === "kube-system" && pod.image.startsWith("flotilla/"))
      .map(
        (pod): ComponentStatus => ({
          name: `${pod.container}-${this.name}`,
          component: pod.container,
          machine: this.name,
          pid: pod.main?.pid ?? 0,
          state: pod.state,
          restarts: pod.attempt,
        }),
      );
    return [...pods, ...own];
  }

  private everything(): ProcessId[] {
    const own = this.supervised.flatMap((process) => process.process ?? []);
    const network = this.ports.network();
    const rest = network ? processesInNetwork(network, readlink) : [];
    const all = new Map([...own, ...runtimeProcesses(this.folder.cri), ...rest].map((id) => [id.pid, id]));
    all.delete(process.pid);
    return [...all.values()];
  }

  private async endRest(grace_ms: number): Promise<void> {
    await Promise.all(this.everything().map((id) => endProcess(this.ports.clock, id, grace_ms)));
  }

  private async eachContainer(act: (id: string) => Promise<void>): Promise<void> {
    if (runtimeOf(this.facts.spec, this.facts.machine) !== "docker") return;
    const { docker, log } = this.ports;
    try {
      const ids = await docker.ids([clusterLabel(this.facts.spec.name), machineLabel(this.name)]);
      await Promise.all(ids.map(act));
    } catch (error) {
      log.warn("could not reach the machine's Docker containers", { machine: this.name, error });
    }
  }
}

function stateOf(id: ProcessId): "running" | "paused" {
  return readStat(id.pid)?.state === "T" ? "paused" : "running";
}

function readlink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
