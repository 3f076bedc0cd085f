import { ApiError, apiError } from "@flotilla/api";
import type { BasePorts } from "@flotilla/process";
import { apiErrorToGrpc } from "@flotilla/rpc";
import type { ExecInput, NodeServer, PortForwardData } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import type { ServerDuplexStream, ServerUnaryCall, ServerWritableStream, sendUnaryData } from "@grpc/grpc-js";
import { messageOf } from "../errors.ts";
import type { Kubelet } from "../kubelet.ts";
import { authorizePeer } from "./authorize.ts";
import { type ExecCall, serveExec } from "./exec.ts";
import { serveLogs } from "./logs.ts";
import { servePage } from "./pages.ts";
import { servePortForward } from "./port-forward.ts";
import { StatsSource } from "./stats.ts";

type StreamCall = ServerWritableStream<any, any> | ServerDuplexStream<any, any>;

/** flotilla.node.v1: each handler finds its container, then pumps. Failures are Kubernetes Statuses. */
export function createHandlers(ports: BasePorts & { kubelet: Kubelet }, authenticated: boolean): NodeServer {
  const { kubelet, log } = ports;
  const stats = new StatsSource(kubelet.kit);

  const check = (call: { getAuthContext(): { sslPeerCertificate?: object } }) => {
    if (authenticated) authorizePeer(call.getAuthContext().sslPeerCertificate as never);
  };
  /** Runs a streaming handler; the signal aborts when the client goes. */
  const stream = (call: StreamCall, run: (signal: AbortSignal) => Promise<void>) => {
    const gone = new AbortController();
    call.on("cancelled", () => gone.abort());
    call.on("error", () => gone.abort());
    const start = async () => {
      check(call);
      await run(gone.signal);
    };
    start().then(
      () => call.end(),
      (error) => {
        if (gone.signal.aborted) return;
        log.debug("node call failed", { path: call.getPath(), error: messageOf(error) });
        call.emit("error", apiErrorToGrpc(toApiError(error).status));
      },
    );
  };
  const unary = <Q, A>(call: ServerUnaryCall<Q, A>, callback: sendUnaryData<A>, answer: () => Promise<A>) => {
    const run = async () => {
      check(call);
      return answer();
    };
    run().then(
      (reply) => callback(null, reply),
      (error) => callback(apiErrorToGrpc(toApiError(error).status)),
    );
  };
  const exec = (attach: boolean) => (call: ExecCall) =>
    stream(call, async (signal) => {
      const { input } = await firstMessage<ExecInput>(call);
      if (input?.$case !== "start") throw apiError("BadRequest", "the first message must say what to start");
      await serveExec(kubelet, call, input.value, attach, signal);
    });

  return {
    logs: (call) => stream(call, (signal) => serveLogs(kubelet, call, signal)),
    exec: exec(false),
    attach: exec(true),
    portForward: (call) =>
      stream(call, async (signal) => servePortForward(kubelet, call, await firstMessage<PortForwardData>(call), signal)),
    stats: (call, callback) => unary(call, callback, () => stats.read()),
    page: (call, callback) => unary(call, callback, () => servePage(kubelet, stats, call.request.path)),
  };
}

/** Takes the first message and holds the rest back until someone listens. */
function firstMessage<T>(call: ServerDuplexStream<T, unknown>): Promise<T> {
  return new Promise((resolve, reject) => {
    const done = () => {
      call.pause();
      call.off("end", early);
    };
    const early = () => reject(apiError("BadRequest", "the stream ended before its first message"));
    call.once("data", (message: T) => {
      done();
      resolve(message);
    });
    call.once("end", early);
  });
}

function toApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : apiError("InternalError", messageOf(error));
}
