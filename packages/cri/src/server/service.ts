import type { Logger } from "@flotilla/base";
import {
  type ImageServiceServer,
  ImageServiceService,
  type RuntimeServiceServer,
  RuntimeServiceService,
} from "@flotilla/rpc/gen/cri/v1/api.ts";
import { type handleUnaryCall, Metadata, type Server, status } from "@grpc/grpc-js";
import type { Backend } from "../backend.ts";
import { CriError, criErrors } from "../errors.ts";
import type { StreamingServer } from "../streaming/server.ts";

/** The CRI version string of every runtime that speaks runtime.v1. */
const CRI_VERSION = "0.1.0";
const API_VERSION = "v1";

/** What the frame needs beyond a Backend: sandboxes are placed by their runtime handler. */
export interface Runtime extends Omit<Backend, "runSandbox" | "pullImage" | "imageStatus"> {
  runSandbox: (config: Parameters<Backend["runSandbox"]>[0], handler: string) => Promise<string>;
  imageStatus: (image: string, handler: string) => ReturnType<Backend["imageStatus"]>;
  pullImage: (image: string, auth: Parameters<Backend["pullImage"]>[1], handler: string) => Promise<string>;
}

/** Adds CRI's two services to a gRPC server. */
export function addCriServices(server: Server, runtime: Runtime, streaming: StreamingServer, log: Logger): void {
  server.addService(RuntimeServiceService, runtimeService(runtime, streaming, log));
  server.addService(ImageServiceService, imageService(runtime, log));
}

function unary<Req, Res>(name: string, log: Logger, handle: (request: Req) => Promise<Res>): handleUnaryCall<Req, Res> {
  return (call, callback) => {
    handle(call.request).then(
      (response) => callback(null, response),
      (error: Error) => {
        const code = error instanceof CriError ? error.code : status.UNKNOWN;
        log.debug("call failed", { call: name, code, error: error.message });
        if (!(error instanceof CriError)) log.warn("unexpected failure", { call: name, error });
        callback({ name: "ServiceError", code, details: error.message, message: error.message, metadata: new Metadata() });
      },
    );
  };
}

const empty = (done: Promise<unknown>): Promise<Record<string, never>> => done.then(() => ({}));

function need<T>(value: T | undefined | "", field: string): T {
  if (value === undefined || value === "") throw criErrors.missing(field);
  return value;
}

function runtimeService(runtime: Runtime, streaming: StreamingServer, log: Logger): RuntimeServiceServer {
  const on = <Req, Res>(name: string, handle: (request: Req) => Promise<Res>) => unary(name, log, handle);
  return {
    version: on("Version", async () => {
      const { name, version } = await runtime.version();
      return { version: CRI_VERSION, runtimeName: name, runtimeVersion: version, runtimeApiVersion: API_VERSION };
    }),
    status: on("Status", async () => ({ status: { conditions: await runtime.conditions() }, info: {} })),
    updateRuntimeConfig: on("UpdateRuntimeConfig", async () => ({})),

    runPodSandbox: on("RunPodSandbox", async (r) => ({
      podSandboxId: await runtime.runSandbox(need(r.config, "config"), r.runtimeHandler),
    })),
    stopPodSandbox: on("StopPodSandbox", (r) => empty(runtime.stopSandbox(need(r.podSandboxId, "pod_sandbox_id")))),
    removePodSandbox: on("RemovePodSandbox", (r) => empty(runtime.removeSandbox(need(r.podSandboxId, "pod_sandbox_id")))),
    podSandboxStatus: on("PodSandboxStatus", (r) => runtime.sandboxStatus(need(r.podSandboxId, "pod_sandbox_id"), r.verbose)),
    listPodSandbox: on("ListPodSandbox", async (r) => ({ items: await runtime.listSandboxes(r.filter) })),

    createContainer: on("CreateContainer", async (r) => ({
      containerId: await runtime.createContainer(
        need(r.podSandboxId, "pod_sandbox_id"),
        need(r.config, "config"),
        need(r.sandboxConfig, "sandbox_config"),
      ),
    })),
    startContainer: on("StartContainer", (r) => empty(runtime.startContainer(need(r.containerId, "container_id")))),
    stopContainer: on("StopContainer", (r) => empty(runtime.stopContainer(need(r.containerId, "container_id"), r.timeout))),
    removeContainer: on("RemoveContainer", (r) => empty(runtime.removeContainer(need(r.containerId, "container_id")))),
    listContainers: on("ListContainers", async (r) => ({ containers: await runtime.listContainers(r.filter) })),
    containerStatus: on("ContainerStatus", (r) => runtime.containerStatus(need(r.containerId, "container_id"), r.verbose)),
    updateContainerResources: on("UpdateContainerResources", async (r) => {
      await runtime.updateResources(need(r.containerId, "container_id"), need(r.linux, "linux"));
      return {};
    }),
    reopenContainerLog: on("ReopenContainerLog", (r) => empty(runtime.reopenLog(need(r.containerId, "container_id")))),
    containerStats: on("ContainerStats", async (r) => ({ stats: await runtime.containerStats(need(r.containerId, "container_id")) })),
    listContainerStats: on("ListContainerStats", async (r) => ({ stats: await runtime.listContainerStats(r.filter) })),

    execSync: on("ExecSync", (r) => runtime.execSync(need(r.containerId, "container_id"), needCommand(r.cmd), r.timeout)),
    exec: on("Exec", async (r) => {
      const id = need(r.containerId, "container_id");
      const command = needCommand(r.cmd);
      return { url: streaming.offer({ kind: "exec", tty: r.tty, open: () => runtime.exec(id, { ...streams(r), command }) }) };
    }),
    attach: on("Attach", async (r) => {
      const id = need(r.containerId, "container_id");
      return { url: streaming.offer({ kind: "attach", tty: r.tty, open: () => runtime.attach(id, streams(r)) }) };
    }),
    portForward: on("PortForward", async (r) => {
      const id = need(r.podSandboxId, "pod_sandbox_id");
      return { url: streaming.offer({ kind: "portforward", ports: r.port, dial: (port) => runtime.dial(id, port) }) };
    }),
  };
}

function needCommand(command: string[]): string[] {
  if (command.length === 0) throw criErrors.missing("cmd");
  return command;
}

function streams(r: { tty: boolean; stdin: boolean; stdout: boolean; stderr: boolean }) {
  if (!r.stdin && !r.stdout && !r.stderr) throw criErrors.invalid("one of stdin, stdout and stderr must be set");
  if (r.tty && r.stderr) throw criErrors.invalid("tty and stderr cannot both be set");
  return { tty: r.tty, stdin: r.stdin, stdout: r.stdout, stderr: r.stderr };
}

function imageService(runtime: Runtime, log: Logger): ImageServiceServer {
  const on = <Req, Res>(name: string, handle: (request: Req) => Promise<Res>) => unary(name, log, handle);
  return {
    listImages: on("ListImages", async (r) => ({ images: await runtime.listImages(r.filter?.image?.image ?? "") })),
    imageStatus: on("ImageStatus", async (r) => {
      const spec = need(r.image, "image");
      return { image: await runtime.imageStatus(need(spec.image, "image"), spec.runtimeHandler), info: {} };
    }),
    pullImage: on("PullImage", async (r) => {
      const spec = need(r.image, "image");
      return { imageRef: await runtime.pullImage(need(spec.image, "image"), r.auth, spec.runtimeHandler) };
    }),
    removeImage: on("RemoveImage", (r) => empty(runtime.removeImage(need(r.image?.image, "image")))),
    imageFsInfo: on("ImageFsInfo", async () => ({ imageFilesystems: await runtime.imageFsInfo() })),
  };
}
