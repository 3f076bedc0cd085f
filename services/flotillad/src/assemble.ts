import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "@flotilla/cri/process/proc.ts";
import type { BasePorts, Component } from "@flotilla/process";
import { startServer } from "@flotilla/rpc";
import { ControlService } from "@flotilla/rpc/gen/flotilla/control/v1/control.ts";
import { controlHandlers } from "./control/service.ts";
import { Daemon } from "./daemon.ts";
import { createDocker } from "./docker.ts";
import type { Install } from "./install.ts";
import { clusterLayout } from "./layout.ts";
import { NetnsDriver } from "./machines/netns.ts";
import { readRecord, writeRecord } from "./processes/record.ts";

export interface FlotilladConfig {
  /** The cluster's own folder, absolute. */
  stateDir: string;
  install: Install;
  cniBinDir: string;
  dockerEndpoint: string;
  isRoot: boolean;
  upstreamDns?: string;
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
    upstreamDns: config.upstreamDns,
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

/** Two would both restart the same kubelets. A dead one's socket file is in our way. */
function becomeSole(recordFile: string, socket: string): void {
  const other = readRecord(recordFile);
  if (other && other.pid !== process.pid && isAlive(other)) throw new Error(`flotillad runs already, as process ${other.pid}`);
  writeRecord(recordFile, process.pid, 0);
  rmSync(socket, { force: true });
}
