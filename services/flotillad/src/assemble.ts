import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "@flotilla/cri/process/proc.ts";
import type { BasePorts, Component } from "@flotilla/process";
import { startServer } from "@flotilla/rpc";
import { ControlService } from "@flotilla/rpc/gen/flotilla/control/v1/control.ts";
import { createContainerBalancer } from "./container/load-balancer.ts";
import { createContainerMachine } from "./container/machine.ts";
import { controlHandlers } from "./control/service.ts";
import { Daemon } from "./daemon.ts";
import { createDocker } from "./docker.ts";
import type { Install } from "./install.ts";
import { clusterLayout } from "./layout.ts";
import { NetnsDriver } from "./machines/netns.ts";
import { readRecord, writeRecord } from "./processes/record.ts";
import { type ClusterSpec, validateSpec } from "./spec.ts";

export interface FlotilladConfig {
  /** The cluster's own folder, absolute. */
  stateDir: string;
  install: Install;
  cniBinDir: string;
  dockerEndpoint: string;
  isRoot: boolean;
}

export interface FlotilladPorts extends BasePorts {
  exit: () => void;
}

export async function createFlotillad(ports: FlotilladPorts, config: FlotilladConfig): Promise<Component> {
  const layout = clusterLayout(config.stateDir);
  mkdirSync(layout.run, { recursive: true, mode: 0o700 });
  becomeSole(join(layout.run, "flotillad.json"), layout.controlSocket);
  const daemon = new Daemon(layout, {
    ...ports,
    driver: new NetnsDriver(join(layout.run, "ns"), config.isRoot, ports),
    docker: createDocker(config.dockerEndpoint),
    install: config.install,
    cniBinDir: config.cniBinDir,
  });
  const resumed = daemon.resume().catch((error) => ports.log.error("could not bring the cluster back", { error }));
  const server = await startServer({
    address: `unix:${layout.controlSocket}`,
    services: [{ definition: ControlService, handlers: controlHandlers(daemon) as never }],
  });
  ports.log.info("serving", { socket: layout.controlSocket });
  return {
    async stop() {
      await resumed;
      daemon.release();
      await server.stop(500);
    },
  };
}

export interface ContainerPartConfig extends FlotilladConfig {
  /** "cp1", "worker2", or "lb". */
  machine: string;
  name: string;
  controlPlanes: number;
  workers: number;
  runtime: string;
  failover: string;
  loadBalancer: string;
  apiPort: number;
  kubeconfigOut: string;
}

/** One container of docker-compose.yml: a machine, or the load balancer before them. */
export async function createContainerPart(ports: BasePorts, config: ContainerPartConfig): Promise<Component> {
  const docker = createDocker(config.dockerEndpoint);
  const { name, controlPlanes, workers, loadBalancer, apiPort, dockerEndpoint } = config;
  const useDocker = config.runtime === "docker" || (config.runtime === "" && (await docker.answers()));
  const spec: ClusterSpec = {
    name,
    controlPlanes,
    workers,
    runtime: useDocker ? "docker" : "process",
    failover: config.failover === "fast" ? "fast" : "default",
    apiPort,
    loadBalancer,
    dockerEndpoint,
  };
  validateSpec(spec);
  const container = { spec, layout: clusterLayout(config.stateDir), install: config.install, cniBinDir: config.cniBinDir };
  if (config.machine === "lb") return createContainerBalancer({ ...ports, docker }, container, config.kubeconfigOut);
  return createContainerMachine({ ...ports, docker }, container, config.machine);
}

/** Two would both restart the same kubelets. A dead one's socket file is in our way. */
function becomeSole(recordFile: string, socket: string): void {
  const other = readRecord(recordFile);
  if (other && other.pid !== process.pid && isAlive(other)) throw new Error(`flotillad runs already, as process ${other.pid}`);
  writeRecord(recordFile, process.pid, 0);
  rmSync(socket, { force: true });
}
