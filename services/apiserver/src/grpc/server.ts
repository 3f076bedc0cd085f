import type { Clock, Logger, Random } from "@flotilla/base";
import { apiErrorToGrpc, createServerCredentials } from "@flotilla/rpc";
import { ApiService } from "@flotilla/rpc/gen/flotilla/api/v1/api.ts";
import { Server } from "@grpc/grpc-js";
import type { Certificates } from "../http/certificates.ts";
import { statusOf } from "../http/respond.ts";
import type { Call, Reply } from "../request/call.ts";
import type { RequestMetrics } from "../request/metrics.ts";
import { createHandlers } from "./handlers.ts";

const MESSAGE_BYTES_MAX = 256 * 1024 * 1024;
const STREAMS_MAX = 1_000;

interface GrpcPorts {
  clock: Clock;
  random: Random;
  log: Logger;
  metrics: RequestMetrics;
}

/** What grpc-js' credentials keep to themselves; the server listens to it. */
interface Renewable {
  updateSecureContextOptions(options: { cert: string; key: string; ca?: string }): void;
}

export interface GrpcFrontEnd {
  port: number;
  stop(): Promise<void>;
}

/** flotilla.api.v1: the same requests as REST, for our own components. mTLS or bearer token, as over REST. */
export async function startGrpc(
  { clock, random, log, metrics }: GrpcPorts,
  address: string,
  certificates: Certificates,
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
  server.addService(ApiService, createHandlers({ clock, random }, metrics, handler, fail));
  const { current } = certificates;
  const credentials = createServerCredentials({ ...current, requireClientCertificate: current.ca !== undefined });
  certificates.onRenewed((renewed) => (credentials as unknown as Renewable).updateSecureContextOptions(renewed));
  // Asked for but not required: a caller without a certificate may bring a token.
  const options = credentials._getConstructorOptions();
  if (options) options.rejectUnauthorized = false;
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return {
    port,
    stop: () => {
      server.forceShutdown();
      return Promise.resolve();
    },
  };
}
