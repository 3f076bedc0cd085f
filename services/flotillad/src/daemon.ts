import { readFileSync } from "node:fs";
import type { ClusterConfig, EnterReply, KubeconfigReply } from "@flotilla/rpc/gen/flotilla/control/v1/control.ts";
import { Cluster, type ClusterPorts } from "./cluster.ts";
import { setDown } from "./control/actions.ts";
import { UsageError } from "./control/errors.ts";
import type { Layout } from "./layout.ts";
import { contextName } from "./pki.ts";
import { Steps } from "./progress.ts";
import { type ClusterSpec, GATEWAY, planChange, validateSpec } from "./spec.ts";
import { readState } from "./state-file.ts";

export interface DaemonPorts extends ClusterPorts {
  /** Ends this process, after the running call was answered. */
  exit: () => void;
}

const TIMEOUT_MS = 120_000;
const DEFAULT_API_PORT = 6443;

/** One cluster's flotillad: takes the calls of control.v1, one change at a time. */
export class Daemon {
  readonly ports: DaemonPorts;
  private readonly layout: Layout;
  private current: Cluster | undefined;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(layout: Layout, ports: DaemonPorts) {
    this.layout = layout;
    this.ports = ports;
    const state = readState(layout.clusterFile);
    if (state) this.current = new Cluster(layout, state, ports);
  }

  /** After a start of ours: take over what runs, bring back what should. */
  async resume(): Promise<void> {
    if (this.current?.state.wanted === "running") await this.alone(() => this.launch(silentSteps(this.ports)));
  }

  /** @throws UsageError when there is none yet */
  cluster(): Cluster {
    if (!this.current) throw new UsageError("there is no cluster yet; make one with: flotilla up");
    return this.current;
  }

  up(config: ClusterConfig, timeout_ms: number, steps: Steps): Promise<void> {
    return this.alone(async () => {
      if (this.current) this.change(config, steps);
      else await this.create(config, steps);
      const cluster = this.cluster();
      cluster.state.wanted = "running";
      cluster.state.down = [];
      cluster.save();
      await this.launch(steps);
      await cluster.settle(steps, timeout_ms || TIMEOUT_MS);
    });
  }

  start(machine: string, timeout_ms: number, steps: Steps): Promise<void> {
    return this.alone(async () => {
      const cluster = this.cluster();
      if (machine) {
        this.machine(machine);
        setDown(cluster, machine, false);
      } else {
        cluster.state.down = [];
      }
      cluster.state.wanted = "running";
      cluster.save();
      if (machine) return steps.step("start", `Starting ${machine}`, () => this.launch(silentSteps(this.ports)));
      await this.launch(steps);
      await cluster.settle(steps, timeout_ms || TIMEOUT_MS);
    });
  }

  stop(machine: string, steps: Steps): Promise<void> {
    return this.alone(async () => {
      const cluster = this.cluster();
      if (machine) {
        const found = this.machine(machine);
        setDown(cluster, machine, true);
        return steps.step("stop", `Stopping ${machine}`, () => found.stop());
      }
      cluster.state.wanted = "stopped";
      cluster.save();
      await steps.step("stop", "Stopping all machines", () => cluster.stop());
      this.ports.exit();
    });
  }

  down(steps: Steps): Promise<void> {
    return this.alone(async () => {
      const cluster = this.current;
      if (cluster) await steps.step("down", "Removing machines, containers and data", () => cluster.destroy());
      this.current = undefined;
      this.ports.exit();
    });
  }

  kubeconfig(): KubeconfigReply {
    const { spec } = this.cluster();
    return {
      yaml: readFileSync(this.layout.adminKubeconfig, "utf8"),
      context: contextName(spec.name),
      server: `https://127.0.0.1:${spec.apiPort}`,
    };
  }

  enter(name: string): EnterReply {
    const machine = this.machine(name);
    if (machine.state === "dead") throw new UsageError(`${name} does not run; bring it back with: flotilla start ${name}`);
    const root = this.layout.machine(name).root;
    return {
      argv: machine.facts.enter(),
      shell: "/bin/sh",
      env: { MACHINE: name, MACHINE_ROOT: root, KUBECONFIG: this.layout.adminKubeconfig, PS1: `${name}# ` },
      workdir: root,
    };
  }

  /** Our own end; the cluster goes on. */
  release(): void {
    this.current?.release();
  }

  private machine(name: string) {
    const found = this.cluster().machine(name);
    if (found) return found;
    const names = this.cluster()
      .all()
      .map((machine) => machine.name);
    throw new UsageError(`there is no machine "${name}"; there are ${names.join(", ")}`);
  }

  private launch(steps: Steps): Promise<void> {
    return this.cluster().launch(steps);
  }

  private async create(config: ClusterConfig, steps: Steps): Promise<void> {
    const spec = await this.decide(config);
    validateSpec(spec);
    steps.info(runtimeSentence(config, spec));
    this.current = new Cluster(this.layout, { spec, wanted: "running", down: [], forwards: [] }, this.ports);
    this.current.save();
  }

  private change(config: ClusterConfig, steps: Steps): void {
    const cluster = this.cluster();
    const before = cluster.spec;
    const asked: ClusterSpec = {
      ...before,
      controlPlanes: config.controlPlanes || before.controlPlanes,
      workers: config.workers < 0 ? before.workers : config.workers,
      runtime: (config.runtime || before.runtime) as ClusterSpec["runtime"],
      failover: (config.failover || before.failover) as ClusterSpec["failover"],
    };
    const { spec, refused } = planChange(before, asked);
    if (refused.length > 0) {
      throw new UsageError(
        `cluster "${before.name}" exists: ${refused.join("; ")}. Remove it first with: flotilla down --name ${before.name}`,
      );
    }
    validateSpec(spec);
    if (spec.workers > before.workers) {
      steps.info(`Adding ${spec.workers - before.workers} worker(s)`);
      cluster.addWorkers(spec);
    }
  }

  private async decide(config: ClusterConfig): Promise<ClusterSpec> {
    const answers = config.runtime === "process" ? false : await this.ports.docker.answers();
    if (config.runtime === "docker" && !answers) {
      throw new UsageError(`--runtime docker: nothing answers at ${config.dockerEndpoint}; start Docker, or use --runtime process`);
    }
    return {
      name: config.name,
      controlPlanes: config.controlPlanes || 3,
      workers: config.workers < 0 ? 3 : config.workers,
      runtime: config.runtime === "process" || !answers ? "process" : "docker",
      failover: config.failover === "fast" ? "fast" : "default",
      apiPort: config.apiPort || DEFAULT_API_PORT,
      loadBalancer: GATEWAY,
      dockerEndpoint: config.dockerEndpoint,
    };
  }

  private alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.queue.then(work);
    this.queue = turn.catch(() => {});
    return turn;
  }
}

const silentSteps = (ports: DaemonPorts): Steps => new Steps(ports.clock, () => {});

function runtimeSentence(config: ClusterConfig, spec: ClusterSpec): string {
  if (config.runtime) return `Runtime: ${spec.runtime}`;
  return spec.runtime === "docker"
    ? `Runtime: docker (answers at ${spec.dockerEndpoint})`
    : `Runtime: process (no Docker answers at ${spec.dockerEndpoint})`;
}
