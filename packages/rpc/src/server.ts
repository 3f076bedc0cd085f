import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { MESSAGE_BYTES_MAX, type TlsFiles } from "./channel.ts";

export interface ServiceBinding {
  definition: ServiceDefinition;
  handlers: UntypedServiceImplementation;
}

export interface ServerOptions {
  /** "host:port" (port 0 picks one) or "unix:///path". */
  address: string;
  /** Absent: plain text. */
  tls?: TlsFiles & { requireClientCertificate?: boolean };
  services: ServiceBinding[];
}

export interface RunningServer {
  port: number;
  /** Refuses new calls and ends the running ones after `grace_ms`. */
  stop(grace_ms?: number): Promise<void>;
  server: Server;
}

/** @throws Error naming the address when it cannot be bound. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const server = new Server({
    "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
    "grpc.max_send_message_length": MESSAGE_BYTES_MAX,
    "grpc.keepalive_time_ms": 10_000,
    "grpc.keepalive_timeout_ms": 5_000,
  });
  for (const { definition, handlers } of options.services) server.addService(definition, handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(options.address, createServerCredentials(options.tls), (error, bound) =>
      error ? reject(new Error(`listen on ${options.address}: ${error.message}`)) : resolve(bound),
    );
  });
  return { port, server, stop: (grace_ms = 0) => stopServer(server, grace_ms) };
}

export function createServerCredentials(tls?: ServerOptions["tls"]): ServerCredentials {
  if (!tls?.cert || !tls.key) return ServerCredentials.createInsecure();
  return ServerCredentials.createSsl(
    tls.ca ? Buffer.from(tls.ca) : null,
    [{ cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) }],
    tls.requireClientCertificate ?? tls.ca !== undefined,
  );
}

function stopServer(server: Server, grace_ms: number): Promise<void> {
  if (grace_ms <= 0) {
    server.forceShutdown();
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const limit = AbortSignal.timeout(grace_ms);
    limit.addEventListener("abort", () => server.forceShutdown(), { once: true });
    server.tryShutdown(() => resolve());
  });
}
