import type { Clock } from "@flotilla/base";
import { type UnaryOptions, unary } from "@flotilla/rpc";
import * as cri from "@flotilla/rpc/gen/cri/v1/api.ts";
import { credentials } from "@grpc/grpc-js";

/** Upstream's --runtime-request-timeout; pulls and stops get their own limits. */
const REQUEST_TIMEOUT_MS = 120_000;
const RECONNECT_MS = 100;

/** What the kubelet asks of a CRI runtime (runtime.v1): one promise per call, rejecting with ServiceError. */
export interface Runtime {
  version(): Promise<cri.VersionResponse>;
  status(): Promise<cri.RuntimeStatus>;
  runPodSandbox(config: cri.PodSandboxConfig, runtimeHandler: string, signal?: AbortSignal): Promise<string>;
  stopPodSandbox(id: string): Promise<void>;
  removePodSandbox(id: string): Promise<void>;
  podSandboxStatus(id: string): Promise<cri.PodSandboxStatus>;
  listPodSandboxes(labels?: Record<string, string>): Promise<cri.PodSandbox[]>;
  createContainer(sandboxId: string, config: cri.ContainerConfig, sandboxConfig: cri.PodSandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** Resolves once the container has stopped; SIGKILL after `timeout_s`. */
  stopContainer(id: string, timeout_s: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  listContainers(labels?: Record<string, string>): Promise<cri.Container[]>;
  containerStatus(id: string): Promise<cri.ContainerStatus>;
  execSync(id: string, command: string[], timeout_s: number): Promise<cri.ExecSyncResponse>;
  /** URLs of the runtime's streaming server. */
  exec(request: cri.ExecRequest): Promise<string>;
  attach(request: cri.AttachRequest): Promise<string>;
  portForward(sandboxId: string, port: number): Promise<string>;
  listContainerStats(): Promise<cri.ContainerStats[]>;
  /** `runtimeHandler`: each handler may keep images of its own. */
  imageStatus(image: string, runtimeHandler: string): Promise<cri.Image | undefined>;
  listImages(): Promise<cri.Image[]>;
  pullImage(request: cri.PullImageRequest, signal?: AbortSignal): Promise<string>;
  close(): void;
}

/** A runtime behind a gRPC address such as "unix:///run/cri.sock"; connects by itself, again and again. */
export function connectRuntime(endpoint: string, clock: Clock): Runtime {
  const options = {
    "grpc.initial_reconnect_backoff_ms": RECONNECT_MS,
    "grpc.min_reconnect_backoff_ms": RECONNECT_MS,
    "grpc.max_reconnect_backoff_ms": 1000,
    "grpc.max_receive_message_length": 64 * 1024 * 1024,
  };
  const runtime = new cri.RuntimeServiceClient(endpoint, credentials.createInsecure(), options);
  const images = new cri.ImageServiceClient(endpoint, credentials.createInsecure(), options);
  const limit = (timeout_ms = REQUEST_TIMEOUT_MS, signal?: AbortSignal): UnaryOptions => ({ timeout_ms, clock, signal });
  const labelled = (labelSelector: Record<string, string>) => ({ id: "", state: undefined, labelSelector, podSandboxId: "" });
  return {
    version: () => unary(runtime.version.bind(runtime), { version: "v1" }, limit(5_000)),
    status: async () => (await unary(runtime.status.bind(runtime), { verbose: false }, limit(5_000))).status ?? { conditions: [] },
    runPodSandbox: async (config, runtimeHandler, signal) =>
      (await unary(runtime.runPodSandbox.bind(runtime), { config, runtimeHandler }, limit(2 * REQUEST_TIMEOUT_MS, signal))).podSandboxId,
    stopPodSandbox: async (podSandboxId) => void (await unary(runtime.stopPodSandbox.bind(runtime), { podSandboxId }, limit())),
    removePodSandbox: async (podSandboxId) => void (await unary(runtime.removePodSandbox.bind(runtime), { podSandboxId }, limit())),
    podSandboxStatus: async (podSandboxId) =>
      (await unary(runtime.podSandboxStatus.bind(runtime), { podSandboxId, verbose: false }, limit())).status!,
    listPodSandboxes: async (labels) =>
      (await unary(runtime.listPodSandbox.bind(runtime), { filter: labels && labelled(labels) }, limit())).items,
    createContainer: async (podSandboxId, config, sandboxConfig) =>
      (await unary(runtime.createContainer.bind(runtime), { podSandboxId, config, sandboxConfig }, limit())).containerId,
    startContainer: async (containerId) => void (await unary(runtime.startContainer.bind(runtime), { containerId }, limit())),
    stopContainer: async (containerId, timeout_s) =>
      void (await unary(
        runtime.stopContainer.bind(runtime),
        { containerId, timeout: timeout_s },
        limit(timeout_s * 1000 + REQUEST_TIMEOUT_MS),
      )),
    removeContainer: async (containerId) => void (await unary(runtime.removeContainer.bind(runtime), { containerId }, limit())),
    listContainers: async (labels) =>
      (await unary(runtime.listContainers.bind(runtime), { filter: labels && labelled(labels) }, limit())).containers,
    containerStatus: async (containerId) =>
      (await unary(runtime.containerStatus.bind(runtime), { containerId, verbose: false }, limit())).status!,
    execSync: (containerId, cmd, timeout_s) =>
      unary(
        runtime.execSync.bind(runtime),
        { containerId, cmd, timeout: timeout_s },
        limit(timeout_s > 0 ? timeout_s * 1000 + 5_000 : 2 * REQUEST_TIMEOUT_MS),
      ),
    exec: async (request) => (await unary(runtime.exec.bind(runtime), request, limit())).url,
    attach: async (request) => (await unary(runtime.attach.bind(runtime), request, limit())).url,
    portForward: async (podSandboxId, port) =>
      (await unary(runtime.portForward.bind(runtime), { podSandboxId, port: [port] }, limit())).url,
    listContainerStats: async () => (await unary(runtime.listContainerStats.bind(runtime), { filter: undefined }, limit(10_000))).stats,
    imageStatus: async (image, runtimeHandler) =>
      (
        await unary(
          images.imageStatus.bind(images),
          { image: cri.ImageSpec.fromPartial({ image, runtimeHandler }), verbose: false },
          limit(),
        )
      ).image,
    listImages: async () => (await unary(images.listImages.bind(images), { filter: undefined }, limit())).images,
    pullImage: async (request, signal) => (await unary(images.pullImage.bind(images), request, { signal })).imageRef,
    close() {
      runtime.close();
      images.close();
    },
  };
}
