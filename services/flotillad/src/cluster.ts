import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import type { Server } from "node:net";
import { join } from "node:path";
import type { Clock, Logger, Random } from "@flotilla/base";
import { type ApiClient, createClient, loadKubeconfig } from "@flotilla/client";
import { type ClusterAuthorities, issue } from "@flotilla/pki";
import { installAddons } from "./addons/install.ts";
import { removeCgroups, weighCgroup } from "./cgroups.ts";
import { run } from "./command.ts";
import type { Docker } from "./docker.ts";
import { serveHostDns } from "./host-dns.ts";
import { choosePort, type HeldPort, listeningDescriptor } from "./host-port.ts";
import { registerComponentImages } from "./images.ts";
import { componentEnv, type Install, nodeCommand } from "./install.ts";
import type { Layout } from "./layout.ts";
import { leaseHolder, StoreLeader } from "./leaders.ts";
import { cgroupParent, clusterLabel } from "./machines/components.ts";
import type { Driver } from "./machines/driver.ts";
import { Machine } from "./machines/machine.ts";
import { CONTROL_PLANE_COMPONENTS } from "./manifests/control-plane.ts";
import { mountPoints } from "./mount-points.ts";
import { adminKubeconfig, loadAuthorities } from "./pki.ts";
import { prepareMachine } from "./prepare.ts";
import { Supervised } from "./processes/supervised.ts";
import type { Steps } from "./progress.ts";
import { removeTree } from "./remove-tree.ts";
import { ServiceForwards } from "./service-forwards.ts";
import { type ClusterSpec, controlPlanesOf, DNS_ADDRESS, DNS_DOMAIN, GATEWAY, type MachineSpec, machinesOf } from "./spec.ts";
import { type ClusterState, writeState } from "./state-file.ts";
import type { Leaders } from "./targets.ts";
import { askDns, nodesReady, readyz, until } from "./up/wait.ts";

/** Process containers of an average machine: four on a control plane, kube-proxy everywhere, DNS, and users' own. */
const CONTAINERS_PER_MACHINE = 4;

export interface ClusterPorts {
  clock: Clock;
  random: Random;
  log: Logger;
  driver: Driver;
  docker: Docker;
  install: Install;
  cniBinDir: string;
}

/**
 * A running cluster: machines, the relay, and what every cluster has on top.
 *
 * Owns: `<state>`. Invariants: 1. what was made is in the state folder before it
 * runs, so that a flotillad that dies at any point is continued by the next.
 * 2. Bringing up is idempotent: every step first looks at what is there.
 */
export class Cluster {
  readonly layout: Layout;
  readonly state: ClusterState;
  private readonly ports: ClusterPorts;
  private readonly machines = new Map<string, Machine>();
  private readonly relay: Supervised;
  private readonly storeLeader: StoreLeader;
  readonly forwards: ServiceForwards;
  /** From choosing it until the relay has it. */
  private heldPort: HeldPort | undefined;
  private hostDns: Server | undefined;
  private client: ApiClient | undefined;

  constructor(layout: Layout, state: ClusterState, ports: ClusterPorts) {
    this.layout = layout;
    this.state = state;
    this.ports = ports;
    this.relay = this.createRelay();
    this.storeLeader = new StoreLeader(ports.clock);
    this.forwards = new ServiceForwards(layout.forwardSocket, () => this.apiClient(), ports);
    for (const spec of machinesOf(this.spec)) this.addMachine(spec);
  }

  get spec(): ClusterSpec {
    return this.state.spec;
  }

  all(): Machine[] {
    return [...this.machines.values()];
  }

  machine(name: string): Machine | undefined {
    return this.machines.get(name);
  }

  save(): void {
    writeState(this.layout.clusterFile, this.state);
  }

  /** To REST through our own load balancer. */
  apiClient(): ApiClient {
    const { clock, random, log } = this.ports;
    const readFile = (path: string) => readFileSync(path, "utf8");
    this.client ??= createClient({ clock, random, log, readFile }, loadKubeconfig(this.layout.adminKubeconfig, readFile));
    return this.client;
  }

  /** Everything up to running processes: what also happens when flotillad starts again. */
  async launch(steps: Steps): Promise<void> {
    const { driver, install, clock, random } = this.ports;
    const authorities = await steps.step("prepare", "Preparing certificates and manifests", async () => {
      for (const folder of [this.layout.run, this.layout.logs, this.layout.images]) mkdirSync(folder, { recursive: true });
      await this.settlePort();
      const env = { now_ms: clock.now(), random };
      const authorities = loadAuthorities(this.layout, env);
      weighCgroup(cgroupParent(this.spec.name), CONTAINERS_PER_MACHINE * this.machines.size);
      await registerComponentImages(this.layout.images, install);
      for (const machine of machinesOf(this.spec)) prepareMachine(this.spec, machine, this.layout.machine(machine.name), authorities, env);
      adminKubeconfig(this.layout, this.spec, authorities, env);
      return authorities;
    });
    await steps.step("machines", `Starting ${describe(this.spec)}`, async () => {
      await driver.ensure(machinesOf(this.spec));
      this.relay.start();
      for (const machine of this.all()) if (!this.state.down.includes(machine.name)) machine.start();
    });
    this.storeLeader.close();
    await this.storeLeader.open(
      controlPlanesOf(this.spec),
      this.layout.run,
      this.layout.forwardSocket,
      storeAccess(authorities, clock, random),
    );
    this.hostDns ??= await serveHostDns(this.layout.dnsSocket, clock);
    await this.forwards.restore(this.state.forwards);
  }

  /** Waits until it is a cluster: API answers, add-ons run, nodes Ready, DNS answers. */
  async settle(steps: Steps, timeout_ms: number): Promise<void> {
    const { clock } = this.ports;
    const deadline_ms = clock.monotonic() + timeout_ms;
    const ca = loadAuthorities(this.layout, { now_ms: clock.now(), random: this.ports.random }).ca.cert;
    await steps.step("api", `Waiting for the API on 127.0.0.1:${this.spec.apiPort}`, () =>
      until(clock, deadline_ms, 50, () => readyz(this.spec.apiPort, ca)),
    );
    await steps.step("addons", "Applying kube-proxy, DNS and runtime classes", () =>
      installAddons(this.apiClient(), clock, this.spec, this.layout, { install: this.ports.install, upstreamDns: `${GATEWAY}:53` }),
    );
    const names = machinesOf(this.spec)
      .map((machine) => machine.name)
      .filter((name) => !this.state.down.includes(name));
    await steps.step("nodes", `Nodes Ready: 0 of ${names.length}`, (say) => nodesReady(this.apiClient(), clock, names, deadline_ms, say));
    await steps.step("dns", "Waiting for cluster DNS", () =>
      until(clock, deadline_ms, 100, () => askDns(this.layout.forwardSocket, DNS_ADDRESS, `kubernetes.default.svc.${DNS_DOMAIN}`)),
    );
  }

  async leaders(): Promise<Leaders> {
    const client = this.apiClient();
    const [etcd, scheduler, manager] = await Promise.all([
      this.storeLeader.find(),
      leaseHolder(client, "kube-scheduler"),
      leaseHolder(client, "kube-controller-manager"),
    ]);
    return { etcd, "kube-scheduler": scheduler, "kube-controller-manager": manager };
  }

  async stop(): Promise<void> {
    await Promise.all(this.all().map((machine) => machine.quiesce()));
    await Promise.all(this.all().map((machine) => machine.stop()));
    await this.relay.stop(1000);
    this.release();
    await this.ports.driver.destroy();
  }

  /** Leaves nothing: processes, containers, namespaces, mounts, files. */
  async destroy(): Promise<void> {
    await Promise.all(this.all().map((machine) => machine.kill()));
    await this.relay.stop(0);
    this.release();
    await this.removeContainers();
    await this.ports.driver.destroy();
    await this.unmountAll();
    removeCgroups(cgroupParent(this.spec.name));
    for (const name of readdirSync(this.layout.state)) {
      if (name !== "run") removeTree(join(this.layout.state, name));
    }
  }

  /** Our own end: nothing of the cluster ends with us. */
  release(): void {
    this.storeLeader.close();
    this.forwards.close();
    this.heldPort?.release();
    this.heldPort = undefined;
    this.hostDns?.close();
    this.hostDns = undefined;
    this.client?.close();
    this.client = undefined;
  }

  addWorkers(spec: ClusterSpec): void {
    this.state.spec = spec;
    for (const machine of machinesOf(spec)) if (!this.machines.has(machine.name)) this.addMachine(machine);
    this.save();
  }

  private addMachine(machine: MachineSpec): void {
    const { driver, install, cniBinDir } = this.ports;
    const facts = { spec: this.spec, machine, layout: this.layout, install, cniBinDir, enter: () => driver.enter(machine) };
    this.machines.set(machine.name, new Machine(facts, { ...this.ports, network: () => driver.network(machine) }));
  }

  private createRelay(): Supervised {
    const { driver, install } = this.ports;
    const backends = controlPlanesOf(this.spec).map((m) => `${m.address}:6443`);
    return new Supervised(
      {
        component: "relay",
        argv: () => [
          ...driver.enter(undefined),
          ...nodeCommand(install, "relay"),
          "--listen-fd=3",
          `--listen=${this.spec.loadBalancer}:6443`,
          `--backends=${backends.join(",")}`,
          `--forward-socket=${this.layout.forwardSocket}`,
          `--dns-listen=${GATEWAY}:53`,
          `--dns-socket=${this.layout.dnsSocket}`,
        ],
        env: componentEnv(install),
        logFile: join(this.layout.logs, "relay.log"),
        recordFile: join(this.layout.run, "relay.json"),
        inherit: async () => {
          const held = this.heldPort ?? (await listeningDescriptor(this.spec.apiPort));
          this.heldPort = undefined;
          return held;
        },
      },
      this.ports,
    );
  }

  /** The port of the first `up` is kept as long as it is free or ours. */
  private async settlePort(): Promise<void> {
    if (this.relay.process || this.relay.adoptable() || this.heldPort) return;
    this.heldPort = await choosePort(this.spec.apiPort);
    if (this.heldPort.port === this.spec.apiPort) return;
    this.spec.apiPort = this.heldPort.port;
    this.save();
  }

  private async removeContainers(): Promise<void> {
    const { docker, log } = this.ports;
    if (!(await docker.answers())) return;
    try {
      await Promise.all((await docker.ids([clusterLabel(this.spec.name)])).map((id) => docker.remove(id)));
    } catch (error) {
      log.warn("could not remove Docker containers", { error });
    }
  }

  /** Volumes of pods that were not taken down in order. */
  private async unmountAll(): Promise<void> {
    const points = mountPoints(readFileSync("/proc/self/mountinfo", "utf8")).filter((point) => point.startsWith(`${this.layout.state}/`));
    for (const point of points.reverse())
      await run(["umount", "-l", point]).catch((error) => this.ports.log.warn("could not unmount", { error }));
  }
}

export const COMPONENT_ORDER: readonly string[] = [...CONTROL_PLANE_COMPONENTS, "kubelet", "kube-proxy", "kube-dns"];

function describe(spec: ClusterSpec): string {
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
  return `${count(spec.controlPlanes, "control-plane machine")} and ${count(spec.workers, "worker")} (${spec.runtime} runtime)`;
}

function storeAccess(authorities: ClusterAuthorities, clock: Clock, random: Random) {
  const pair = issue(authorities.etcdCa, { subject: { commonName: "flotillad" }, usages: ["client"] }, { now_ms: clock.now(), random });
  return { ca: authorities.etcdCa.cert, cert: pair.cert, key: pair.key };
}
