import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createSecureServer, type Http2SecureServer, type SecureServerOptions } from "node:http2";
import type { Duplex } from "node:stream";
import type { SecureContextOptions } from "node:tls";
import { sleep } from "@flotilla/base";
import type { RequestHeaderConfig } from "../authn/request-header.ts";
import type { Call, Reply } from "../request/call.ts";
import type { Certificates, CertificateTexts } from "./certificates.ts";
import { identify } from "./credentials.ts";
import { Front, type FrontConfig, type FrontPorts } from "./front.ts";

export interface HttpConfig extends FrontConfig {
  host: string;
  port: number;
  requestHeader: RequestHeaderConfig;
}

/** TLS takes the certificates of users and of front proxies; which is which, the connection's credentials say. */
function trusting({ ca, ...pair }: CertificateTexts, { clientCa }: RequestHeaderConfig): SecureContextOptions {
  const authorities = [ca, clientCa].filter((one) => one !== undefined);
  return authorities.length > 0 ? { ...pair, ca: authorities } : pair;
}

export interface HttpFrontEnd {
  port: number;
  /** Takes no new connections, ends watches, lets running requests finish, then closes. */
  stop(): Promise<void>;
}

/** Request line and headers together; Go's net/http takes as much. */
const HEADER_BYTES_MAX = 1024 * 1024;
/** How long running requests may take to finish when the server stops. */
const DRAIN_MS_MAX = 5_000;
const DRAIN_POLL_MS = 20;

/** HTTP/1.1 and HTTP/2 over TLS: the API as kubectl and every other client knows it. */
export async function startHttp(
  ports: FrontPorts,
  config: HttpConfig,
  certificates: Certificates,
  handler: (call: Call) => Promise<Reply>,
): Promise<HttpFrontEnd> {
  const { clock, log } = ports;
  const server = createSecureServer({
    allowHTTP1: true,
    ...trusting(certificates.current, config.requestHeader),
    ...(certificates.current.ca || config.requestHeader.clientCa ? { requestCert: true, rejectUnauthorized: false } : {}),
    // An exec's whole command line is in its URL.
    maxHeaderSize: HEADER_BYTES_MAX,
    settings: { maxConcurrentStreams: 250, maxHeaderListSize: HEADER_BYTES_MAX },
  } as SecureServerOptions);
  certificates.onRenewed((renewed) => server.setSecureContext(trusting(renewed, config.requestHeader)));
  const front = new Front(ports, config, handler);
  // Whatever one request does, the others go on.
  const lost = (error: Error) => log.error("request lost", { error });
  const sockets = new Set<Duplex>();
  server.on("secureConnection", (socket) => {
    sockets.add(socket);
    identify(socket, certificates.current.ca, config.requestHeader);
    socket.setNoDelay(true);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  });
  server.on("request", (request, response) =>
    front.request(request as unknown as IncomingMessage, response as unknown as ServerResponse).catch(lost),
  );
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => front.upgrade(request, socket, head).catch(lost));
  keepIdleConnections(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.port, config.host, resolve);
  });
  const { port } = server.address() as { port: number };
  return {
    port,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      front.drain();
      for (const end = clock.monotonic() + DRAIN_MS_MAX; front.busy && clock.monotonic() < end; ) await sleep(clock, DRAIN_POLL_MS);
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Clients keep connections for a long time between requests; node's own limit is 5 s. */
function keepIdleConnections(server: Http2SecureServer): void {
  const http1 = server as unknown as Pick<Server, "keepAliveTimeout" | "headersTimeout" | "requestTimeout">;
  http1.keepAliveTimeout = 180_000;
  http1.headersTimeout = 32_000;
  http1.requestTimeout = 0;
}
