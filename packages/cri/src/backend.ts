import type { Duplex, Readable, Writable } from "node:stream";
import type {
  AuthConfig,
  Container,
  ContainerConfig,
  ContainerFilter,
  ContainerStats,
  ContainerStatsFilter,
  ContainerStatusResponse,
  ExecSyncResponse,
  FilesystemUsage,
  Image,
  LinuxContainerResources,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxFilter,
  PodSandboxStatusResponse,
  RuntimeCondition,
} from "@flotilla/rpc/gen/cri/v1/api.ts";

/**
 * One runtime handler: how pods of one RuntimeClass are run. The server frame
 * (server/) turns CRI calls into these, the multiplexer joins several of them.
 * Every id is 64 hex digits; every method rejects with a CriError.
 */
export interface Backend {
  /** The handler's name, e.g. "docker" or "process". */
  readonly handler: string;
  /** Whether ownsSandbox and ownsContainer leave the process: then the others are asked first. */
  readonly costlyLookup?: boolean;
  version(): Promise<RuntimeVersion>;
  /** Conditions beyond RuntimeReady and NetworkReady too, such as limits that can't be enforced. */
  conditions(): Promise<RuntimeCondition[]>;

  ownsSandbox(id: string): Promise<boolean>;
  ownsContainer(id: string): Promise<boolean>;
  runSandbox(config: PodSandboxConfig): Promise<string>;
  /** Idempotent: stopping a stopped or unknown sandbox succeeds. */
  stopSandbox(id: string): Promise<void>;
  /** Idempotent; removes the sandbox's containers too. */
  removeSandbox(id: string): Promise<void>;
  sandboxStatus(id: string, verbose: boolean): Promise<PodSandboxStatusResponse>;
  listSandboxes(filter: PodSandboxFilter | undefined): Promise<PodSandbox[]>;

  createContainer(sandboxId: string, config: ContainerConfig, sandbox: PodSandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** SIGTERM, then SIGKILL after `timeout_s`; idempotent. */
  stopContainer(id: string, timeout_s: number): Promise<void>;
  /** Idempotent; kills a running container first. */
  removeContainer(id: string): Promise<void>;
  listContainers(filter: ContainerFilter | undefined): Promise<Container[]>;
  containerStatus(id: string, verbose: boolean): Promise<ContainerStatusResponse>;
  updateResources(id: string, resources: LinuxContainerResources): Promise<void>;
  reopenLog(id: string): Promise<void>;
  containerStats(id: string): Promise<ContainerStats>;
  listContainerStats(filter: ContainerStatsFilter | undefined): Promise<ContainerStats[]>;

  /** @throws DEADLINE_EXCEEDED after `timeout_s` (0: none), with the command killed. */
  execSync(id: string, command: string[], timeout_s: number): Promise<ExecSyncResponse>;
  exec(id: string, options: StreamOptions & { command: string[] }): Promise<Session>;
  attach(id: string, options: StreamOptions): Promise<Session>;
  /** A connection to 127.0.0.1:`port` inside the sandbox's network. */
  dial(sandboxId: string, port: number): Promise<Duplex>;

  listImages(image: string): Promise<Image[]>;
  imageStatus(image: string): Promise<Image | undefined>;
  /** @returns the image's reference (its id). */
  pullImage(image: string, auth: AuthConfig | undefined): Promise<string>;
  removeImage(image: string): Promise<void>;
  imageFsInfo(): Promise<FilesystemUsage[]>;
  close(): Promise<void>;
}

export interface RuntimeVersion {
  name: string;
  version: string;
}

export interface StreamOptions {
  tty: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

/** A running exec or attach. Streams that were not asked for are undefined. */
export interface Session {
  stdin: Writable | undefined;
  stdout: Readable | undefined;
  stderr: Readable | undefined;
  resize(columns: number, rows: number): void;
  /** The exit code; for an attach 0 when the container's output ends. */
  done: Promise<number>;
  /** The client went away: let go of the streams (an exec's process is ended). */
  abandon(): void;
}
