import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createSecureServer, type Http2SecureServer } from "node:http2";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { apiError } from "@flotilla/api";
import type { Clock, Logger } from "@flotilla/base";
import type { Call, Reply } from "../request/call.ts";
import { isLongRunning } from "../request/inflight.ts";
import type { RequestMetrics } from "../request/metrics.ts";
import { parseRequestInfo } from "../request/request-info.ts";
import { readBody } from "./body.ts";
import { certificateOf, credentialsOf } from "./credentials.ts";
import { negotiate } from "./negotiate.ts";
import { hasProtobuf, render, renderStatus } from "./render.ts";
import { send, statusHeaders, statusOf, warningHeaders } from "./respond.ts";
import { writeWatch } from "./watch-writer.ts";

export interface HttpConfig {
  host: string;
  port: number;
  cert: string;
  key: string;
  clientCa: string | undefined;
  /** Requests that are neither watches nor streams end after this. */
  requestTimeout_ms: number;
}

export interface HttpFrontEnd {
  port: number;
  stop(): Promise<void>;
}

/** Spares the exception that abort() would make for each finished request. */
const GONE = "the client has gone";

type Handler = (call: Call) => Promise<Reply>;

/** HTTP/1.1 and HTTP/2 over TLS: the API as kubectl and every other client knows it. */
export async function startHttp(
  clock: Clock,
  log: Logger,
  metrics: RequestMetrics,
  config: HttpConfig,
  handler: Handler,
): Promise<HttpFrontEnd> {
  const server = createSecureServer({
    allowHTTP1: true,
    cert: config.cert,
    key: config.key,
    ...(config.clientCa ? { ca: config.clientCa, requestCert: true, rejectUnauthorized: false } : {}),
    settings: { maxConcurrentStreams: 250 },
  });
  const front = new Front(clock, log, metrics, config, handler);
  // Whatever one request does, the others go on.
  const lost = (error: Error) => log.error("request lost", { error });
  const sockets = new Set<Duplex>();
  server.on("secureConnection", (socket) => {
    sockets.add(socket);
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
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Clients keep connections for a long time between requests; node's own limit is 5 s. */
function keepIdleConnections(server: Http2SecureServer): void {
  const http1 = server as unknown as Pick<Server, "keepAliveTimeout" | "headersTimeout" | "requestTimeout">;
  http1.keepAliveTimeout = 180_000;
  http1.headersTimeout = 32_000;
  http1.requestTimeout = 0;
}

class Front {
  private readonly clock: Clock;
  private readonly log: Logger;
  private readonly metrics: RequestMetrics;
  private readonly config: HttpConfig;
  private readonly handler: Handler;

  constructor(clock: Clock, log: Logger, metrics: RequestMetrics, config: HttpConfig, handler: Handler) {
    this.clock = clock;
    this.log = log;
    this.metrics = metrics;
    this.config = config;
    this.handler = handler;
  }

  async request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const abort = new AbortController();
    response.on("close", () => abort.abort(GONE));
    response.on("error", () => {});
    const call = callOf(request, abort.signal, this.clock.now());
    if (!call) return badRequest(request, response);
    const done = this.metrics.begin(call.info);
    const timer = isLongRunning(call)
      ? undefined
      : this.clock.setTimeout(() => this.timeOut(request, response, abort), this.config.requestTimeout_ms);
    try {
      const reply = await this.handler(call);
      await this.reply(request, response, call, reply);
      done(response.statusCode);
    } catch (error) {
      const status = statusOf(error, this.log);
      done(status.code);
      if (response.headersSent) response.destroy();
      else {
        const { contentType, body } = renderStatus(status, call.accept);
        await send(request, response, status.code, contentType, body, { ...statusHeaders(status), ...warningHeaders(call.warnings) });
      }
    } finally {
      timer?.cancel();
    }
  }

  private async reply(request: IncomingMessage, response: ServerResponse, call: Call, reply: Reply): Promise<void> {
    const warnings = warningHeaders(call.warnings);
    switch (reply.type) {
      case "document":
        return send(request, response, reply.code, reply.contentType, reply.body, { ...reply.headers, ...warnings });
      case "stream":
        return reply.serve(response);
      case "upgrade":
        throw apiError("BadRequest", "Upgrade request required");
      case "watch": {
        const format = negotiate(request.headers.accept, hasProtobuf(reply));
        return writeWatch(response, reply.definition, reply.source, {
          format,
          includeObject: call.query.get("includeObject"),
          now: () => this.clock.now(),
        });
      }
      default: {
        const format = negotiate(request.headers.accept, hasProtobuf(reply));
        const options = { format, includeObject: call.query.get("includeObject"), now_ms: this.clock.now() };
        const { contentType, body } = await render(reply, options);
        return send(request, response, reply.type === "object" ? reply.code : 200, contentType, body, warnings);
      }
    }
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const abort = new AbortController();
    socket.on("close", () => abort.abort(GONE));
    socket.on("error", () => abort.abort(GONE));
    try {
      const call = callOf(request, abort.signal, this.clock.now());
      if (!call) throw apiError("BadRequest", "malformed request target");
      const reply = await this.handler(call);
      if (reply.type !== "upgrade") throw apiError("BadRequest", "this path does not take an upgrade");
      await reply.handle(request, socket, head);
    } catch (error) {
      const status = statusOf(error, this.log);
      const body = JSON.stringify(status);
      socket.end(
        `HTTP/1.1 ${status.code} ${status.reason ?? "Error"}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    }
  }

  private timeOut(request: IncomingMessage, response: ServerResponse, abort: AbortController): void {
    if (response.headersSent) return;
    const { status } = apiError("Timeout", "Timeout: request did not complete within the allotted timeout", {});
    void send(request, response, status.code, "application/json", JSON.stringify(status)).finally(() => abort.abort(GONE));
  }
}

function badRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status } = apiError("BadRequest", "malformed request target");
  return send(request, response, status.code, "application/json", JSON.stringify(status));
}

/** undefined when the request target is no path. */
function callOf(request: IncomingMessage, signal: AbortSignal, now_ms: number): Call | undefined {
  const target = request.url ?? "/";
  // A path of our own in front keeps "//host" from being read as one.
  const url = target.startsWith("/") ? URL.parse(`https://localhost${target}`) : null;
  if (!url) return undefined;
  const { pathname, searchParams } = url;
  let body: Promise<Uint8Array> | undefined;
  return {
    info: parseRequestInfo(request.method ?? "GET", pathname, searchParams),
    query: searchParams,
    credentials: credentialsOf(certificateOf(request.socket as TLSSocket), request.headers),
    contentType: request.headers["content-type"],
    accept: request.headers.accept,
    ifNoneMatch: request.headers["if-none-match"],
    now_ms,
    userAgent: String(request.headers["user-agent"] ?? ""),
    body: () => (body ??= readBody(request)),
    signal,
    user: { name: "", groups: [] },
    warnings: [],
  };
}
