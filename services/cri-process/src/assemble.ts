import type { Clock, Logger, Random } from "@flotilla/base";
import { builtinPlugins, createPodNetwork, createProcessBackend, serveCri } from "@flotilla/cri";

export interface CriProcessPorts {
  clock: Clock;
  random: Random;
  log: Logger;
}

export interface CriProcessConfig {
  listen: string;
  rootDir: string;
  imageDir: string;
  cniConfDir: string;
  cniBinDirs: string[];
  streamingAddress: string;
  cgroupParent: string;
}

/** A CRI endpoint whose pods are plain processes; it needs no Docker. */
export async function createCriProcess(ports: CriProcessPorts, config: CriProcessConfig): Promise<{ stop(): Promise<void> }> {
  const network = createPodNetwork({ confDir: config.cniConfDir, binDirs: config.cniBinDirs, builtin: builtinPlugins });
  const backend = createProcessBackend({ ...ports, network }, config);
  return serveCri(ports, { listen: config.listen, defaultHandler: "process", streamingAddress: config.streamingAddress }, [backend]);
}
