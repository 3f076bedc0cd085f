import type { ControlServer } from "@flotilla/rpc/gen/flotilla/control/v1/control.ts";
import type { handleUnaryCall, ServerWritableStream } from "@grpc/grpc-js";
import type { Daemon } from "../daemon.ts";
import { Steps } from "../progress.ts";
import { resolveTarget } from "../targets.ts";
import { act } from "./actions.ts";
import { toGrpc, UsageError } from "./errors.ts";
import { addProcessImage, listProcessImages, removeProcessImage } from "./images.ts";
import { logFile, readLog } from "./logs.ts";
import { status } from "./status.ts";

const unaryHandler =
  <Q, R>(handle: (request: Q) => Promise<R>): handleUnaryCall<Q, R> =>
  (call, callback) => {
    handle(call.request).then(
      (reply) => callback(null, reply),
      (error) => callback(toGrpc(error)),
    );
  };

const streamHandler =
  <Q, R>(handle: (request: Q, send: (message: R) => void, signal: AbortSignal) => Promise<void>) =>
  (call: ServerWritableStream<Q, R>): void => {
    const abort = new AbortController();
    call.on("cancelled", () => abort.abort());
    handle(call.request, (message) => void call.write(message), abort.signal).then(
      () => call.end(),
      (error) => call.emit("error", toGrpc(error)),
    );
  };

/** flotilla.control.v1 over what the daemon can do. */
export function controlHandlers(daemon: Daemon): ControlServer {
  const { clock } = daemon.ports;
  return {
    up: streamHandler((request, send) => {
      if (!request.config) throw new UsageError("config is missing");
      return daemon.up(request.config, request.timeoutMs, new Steps(clock, send));
    }),
    down: streamHandler((_request, send) => daemon.down(new Steps(clock, send))),
    stop: streamHandler((request, send) => daemon.stop(request.machine, new Steps(clock, send))),
    start: streamHandler((request, send) => daemon.start(request.machine, request.timeoutMs, new Steps(clock, send))),
    status: unaryHandler(() => status(daemon.cluster())),
    act: unaryHandler((request) => act(daemon.cluster(), clock, request.action, request.target)),
    kubeconfig: unaryHandler(async () => daemon.kubeconfig()),
    logs: streamHandler(async (request, send, signal) => {
      const cluster = daemon.cluster();
      const components = cluster.all().flatMap((machine) => machine.components());
      const names = cluster.all().map((machine) => machine.name);
      const leaders = /-leader$/.test(request.target) ? await cluster.leaders() : {};
      const target = resolveTarget(request.target, names, components, leaders);
      if (target.kind !== "components") {
        throw new UsageError(
          target.kind === "unknown" ? target.why : `${target.name} is a machine; say which part: kubelet@${target.name}`,
        );
      }
      const file = logFile(cluster, target.components[0]!);
      if (!file) throw new UsageError(`${request.target} has not written a log yet`);
      for await (const data of readLog(file, request.tailLines, request.follow, clock, signal)) send({ data });
    }),
    enter: unaryHandler(async (request) => daemon.enter(request.machine)),
    serviceUrl: unaryHandler(async (request) => {
      const cluster = daemon.cluster();
      const urls = await cluster.forwards.urls(request.namespace || "default", request.name);
      cluster.state.forwards = cluster.forwards.list();
      cluster.save();
      return { urls };
    }),
    addImage: unaryHandler((request) => addProcessImage(daemon.cluster().layout.images, request)),
    listImages: unaryHandler(async () => ({ images: await listProcessImages(daemon.cluster().layout.images) })),
    removeImage: unaryHandler(async (request) => {
      await removeProcessImage(daemon.cluster().layout.images, request.name);
      return {};
    }),
  };
}
