import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BasePorts, Component } from "@flotilla/process";
import type { Docker } from "../docker.ts";
import { registerComponentImages } from "../images.ts";
import type { Install } from "../install.ts";
import type { Layout } from "../layout.ts";
import { clusterLabel, machineLabel } from "../machines/components.ts";
import { hostDriver } from "../machines/host.ts";
import { Machine } from "../machines/machine.ts";
import { loadAuthorities } from "../pki.ts";
import { prepareMachine } from "../prepare.ts";
import { type ClusterSpec, type MachineSpec, machinesOf } from "../spec.ts";

export interface ContainerConfig {
  spec: ClusterSpec;
  layout: Layout;
  install: Install;
  cniBinDir: string;
}

export interface ContainerPorts extends BasePorts {
  docker: Docker;
}

const ALIVE_MS = 60_000;

/** One machine as a container's first process: prepares itself from the shared folder and keeps runtime and kubelet running. */
export async function createContainerMachine(ports: ContainerPorts, config: ContainerConfig, name: string): Promise<Component> {
  const spec = machineNamed(config.spec, name);
  const { layout, install } = config;
  const env = { now_ms: ports.clock.now(), random: ports.random };
  mkdirSync(layout.images, { recursive: true });
  await registerComponentImages(layout.images, install);
  prepareMachine(config.spec, spec, layout.machine(name), loadAuthorities(layout, env), env);
  const facts = { spec: config.spec, machine: spec, layout, install, cniBinDir: config.cniBinDir, enter: () => hostDriver.enter(spec) };
  const machine = new Machine(facts, { ...ports, network: () => hostDriver.network(spec) });
  await powerOn(ports, config, name);
  machine.start();
  ports.log.info("machine started", { machine: name, address: spec.address });
  // Children run on their own: without this nothing would keep us here.
  const alive = ports.clock.setInterval(() => {}, ALIVE_MS);
  return {
    async stop() {
      alive.cancel();
      await machine.stop();
      await removeContainers(ports, config, name);
    },
  };
}

function machineNamed(spec: ClusterSpec, name: string): MachineSpec {
  const found = machinesOf(spec).find((machine) => machine.name === name);
  if (!found)
    throw new Error(
      `--machine ${name}: the cluster has ${machinesOf(spec)
        .map((m) => m.name)
        .join(", ")}`,
    );
  return found;
}

/** After a crash of our container its pods still run in Docker, wired to a network that is gone: a machine starts empty. */
async function powerOn(ports: ContainerPorts, config: ContainerConfig, name: string): Promise<void> {
  const network = hostDriver.network(machineNamed(config.spec, name)) ?? "";
  const file = join(config.layout.machine(name).run, "network");
  if (existsSync(file) && readFileSync(file, "utf8") !== network) await removeContainers(ports, config, name);
  writeFileSync(file, network);
}

async function removeContainers(ports: ContainerPorts, config: ContainerConfig, name: string): Promise<void> {
  if (config.spec.runtime !== "docker") return;
  try {
    const ids = await ports.docker.ids([clusterLabel(config.spec.name), machineLabel(name)]);
    await Promise.all(ids.map((id) => ports.docker.remove(id)));
  } catch (error) {
    ports.log.warn("could not remove the machine's Docker containers", { error });
  }
}
