import type { Clock, Logger, Random } from "@flotilla/base";
import { type Backend, builtinPlugins, createPodNetwork, createProcessBackend, criErrors, type PodNetwork, serveCri } from "@flotilla/cri";
import { connectDocker } from "./api.ts";
import { createDockerBackend } from "./backend.ts";

export interface CriDockerPorts {
  clock: Clock;
  random: Random;
  log: Logger;
}

export interface CriDockerConfig {
  listen: string;
  rootDir: string;
  imageDir: string;
  cniConfDir: string;
  cniBinDirs: string[];
  streamingAddress: string;
  cgroupParent: string;
  dockerEndpoint: string;
  handlers: string[];
  defaultHandler: string;
  labels: Record<string, string>;
  pauseImage: string;
}

/** A CRI endpoint with the runtime handlers "docker" and, beside it, "process". */
export async function createCriDocker(ports: CriDockerPorts, config: CriDockerConfig): Promise<{ stop(): Promise<void> }> {
  const network = createPodNetwork({ confDir: config.cniConfDir, binDirs: config.cniBinDirs, builtin: builtinPlugins });
  const backends: Backend[] = [];
  for (const handler of config.handlers) backends.push(await createHandler(handler, ports, config, network));
  return serveCri(
    ports,
    { listen: config.listen, defaultHandler: config.defaultHandler, streamingAddress: config.streamingAddress },
    backends,
  );
}

async function createHandler(handler: string, ports: CriDockerPorts, config: CriDockerConfig, network: PodNetwork): Promise<Backend> {
  if (handler === "process") return createProcessBackend({ ...ports, network }, config);
  // Two adapters without --labels must not take each other's containers for their own.
  const labels = { ...config.labels, "flotilla.cri.root": config.rootDir };
  if (handler === "docker")
    return createDockerBackend({ ...ports, network, docker: connectDocker(config.dockerEndpoint) }, { ...config, labels });
  throw criErrors.unknownHandler(handler, ["docker", "process"]);
}
