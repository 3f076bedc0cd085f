import type { Clock, Logger, Random } from "@flotilla/base";
import type { ApiClient } from "./client.ts";
import { createGrpcClient } from "./grpc/api-client.ts";
import type { ClientConfig, ReadFile } from "./kubeconfig.ts";
import { createRestClient } from "./rest/api-client.ts";
import type { HttpPort } from "./rest/http-port.ts";
import { createNodeHttp } from "./rest/node-http.ts";

export interface ClientPorts {
  clock: Clock;
  random: Random;
  log: Logger;
  readFile: ReadFile;
  /** Default: node:https to `config.server`. */
  http?: HttpPort;
}

/** gRPC where the kubeconfig names gRPC servers, REST otherwise. */
export function createClient(ports: ClientPorts, config: ClientConfig): ApiClient {
  if (config.grpcServers.length > 0) return createGrpcClient(ports, config);
  return createRestClient({ ...ports, http: ports.http ?? createNodeHttp(config.server, config.tls) }, config);
}
