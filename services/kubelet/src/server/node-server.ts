import type { BasePorts } from "@flotilla/process";
import { type RunningServer, startServer } from "@flotilla/rpc";
import { NodeService } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import type { ServerConfig } from "../config.ts";
import type { Kubelet } from "../kubelet.ts";
import { createHandlers } from "./handlers.ts";

/** Serves flotilla.node.v1 by mutual TLS: the API server's way to a node's logs, shells and ports. */
export function startNodeServer(ports: BasePorts & { kubelet: Kubelet }, config: ServerConfig): Promise<RunningServer> {
  const { tls } = config;
  return startServer({
    address: `${config.address}:${config.port}`,
    ...(tls ? { tls: { cert: tls.cert, key: tls.key, ca: tls.clientCA, requireClientCertificate: tls.clientCA !== undefined } } : {}),
    services: [{ definition: NodeService, handlers: createHandlers(ports, tls?.clientCA !== undefined) }],
  });
}
