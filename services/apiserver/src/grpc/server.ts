import type { Clock, Logger } from "@flotilla/base";
import { apiErrorToGrpc, createServerCredentials } from "@flotilla/rpc";
import { ApiService } from "@flotilla/rpc/gen/flotilla/api/v1/api.ts";
import { Server } from "@grpc/grpc-js";
import { statusOf } from "../http/respond.ts";
import type { HttpConfig } from "../http/server.ts";
import type { Call, Reply } from "../request/call.ts";
import type { RequestMetrics } from "../request/metrics.ts";
import { createHandlers } from "./handlers.ts";

const MESSAGE_BYTES_MAX = 256 * 1024 * 1024;
const STREAMS_MAX = 1_000;

export interface GrpcFrontEnd {
  port: number;
  stop(): Promise<void>;
}

/** flotilla.api.v1: the same requests as REST, for our own components. mTLS or bearer token, as over REST. */
export async function startGrpc(
  clock: Clock,
  log: Logger,
  metrics: RequestMetrics,
  config: Omit<HttpConfig, "requestTimeout_ms">,
  handler: (call: Call) => Promise<Reply>,
): Promise<GrpcFrontEnd> {
  const server = new Server({
    "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
    "grpc.max_send_message_length": MESSAGE_BYTES_MAX,
    "grpc.max_concurrent_streams": STREAMS_MAX,
    "grpc.keepalive_time_ms": 10_000,
    "grpc.keepalive_timeout_ms": 5_000,
  });
  const fail = (error: unknown) => apiErrorToGrpc(statusOf(error, log));
  server.addService(ApiService, createHandlers(clock, metrics, handler, fail));
  const credentials = createServerCredentials({
    cert: config.cert,
    key: config.key,
    ...(config.clientCa ? { ca: config.clientCa } : {}),
    requireClientCertificate: config.clientCa !== undefined,
  });
  // Asked for but not required: a caller without a certificate may bring a token.
  const options = credentials._getConstructorOptions();
  if (options) options.rejectUnauthorized = false;
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${config.host}:${config.port}`, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return {
    port,
    stop: () => {
      server.forceShutdown();
      return Promise.resolve();
    },
  };
}
