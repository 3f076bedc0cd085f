import type { Container, Pod, RuntimeClass, Secret, Service } from "@flotilla/api";
import type { Clock, Logger, Random } from "@flotilla/base";
import type { DNSConfig } from "@flotilla/rpc/gen/cri/v1/api.ts";
import type { KeyedBackoff } from "../actions/backoff.ts";
import type { Observer } from "../cri/observer.ts";
import type { Runtime } from "../cri/runtime.ts";
import type { ObjectSource } from "../env/resolve.ts";
import type { ImageManager } from "../images/manager.ts";
import type { ProbeManager } from "../probes/manager.ts";
import type { VolumeManager } from "../volumes/manager.ts";

/** What the node tells its pods. */
export interface NodeFacts {
  name: string;
  hostIP(): string;
  allocatable(): Record<string, string>;
  memory_bytes: number;
  /** The lowest oom_score_adj this machine lets us give. */
  oomScoreAdjMin: number;
  runtimeName(): string;
  /** Undefined when pods can get a network; else why not. */
  networkProblem(): string | undefined;
  clusterDomain: string;
  podDns(pod: Pod): DNSConfig;
  hostsFile(): string;
}

/** What the API tells; each answers as well as it can while the API is away. */
export interface ApiFacts extends ObjectSource {
  services(pod: Pod): Promise<readonly Service[]>;
  runtimeClass(name: string): Promise<RuntimeClass | undefined>;
  pullSecrets(pod: Pod): Promise<Secret[]>;
  token(pod: Pod, audience: string | undefined, expiration_s: number): Promise<string>;
}

export interface StatusSink {
  /** The status last given out, or the API's. */
  current(pod: Pod): NonNullable<Pod["status"]>;
  set(pod: Pod, status: NonNullable<Pod["status"]>): void;
}

export interface EventSink {
  emit(pod: Pod, type: "Normal" | "Warning", reason: string, message: string, container?: Container): void;
}

/** The tools of a pod worker: one set, shared by all. */
export interface Kit {
  clock: Clock;
  random: Random;
  log: Logger;
  runtime: Runtime;
  observer: Observer;
  images: ImageManager;
  volumes: VolumeManager;
  probes: ProbeManager;
  node: NodeFacts;
  api: ApiFacts;
  status: StatusSink;
  events: EventSink;
  restarts: KeyedBackoff;
  rootDirectory: string;
  logDirectory: string;
  defaultRuntimeHandler: string;
  /** Upstream's --sync-frequency. */
  syncPeriod_ms: number;
}
