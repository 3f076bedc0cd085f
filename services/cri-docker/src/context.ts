import type { Clock, Logger, Random } from "@flotilla/base";
import type { PodNetwork } from "@flotilla/cri";
import type Docker from "dockerode";

export interface DockerPorts {
  clock: Clock;
  random: Random;
  log: Logger;
  network: PodNetwork;
  docker: Docker;
}

export interface DockerConfig {
  rootDir: string;
  /** Put on every container, and what this machine's containers are found by. */
  labels: Record<string, string>;
  pauseImage: string;
}

export interface DockerContext extends DockerPorts, DockerConfig {
  /** Where the daemon keeps containers' logs, as it sees it itself. */
  dockerRootDir: string;
  version: string;
  pauseImageId: Promise<string>;
}
