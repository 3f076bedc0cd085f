import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { apiError } from "@flotilla/api";
import { type Clock, type Logger, type Random, uuid } from "@flotilla/base";
import { parseDuration } from "@flotilla/process";
import type { Call, Reply, StreamResponse } from "../request/call.ts";
import { NoSuchPath } from "../request/errors.ts";
import { isLongRunning } from "../request/inflight.ts";
import type { RequestMetrics } from "../request/metrics.ts";
import { parseRequestInfo } from "../request/request-info.ts";
import { readBody } from "./body.ts";
import { certificateOf, credentialsOf } from "./credentials.ts";
import { type Format, negotiate } from "./negotiate.ts";
import { hasProtobuf, render, renderStatus } from "./render.ts";
import { send, statusHeaders, statusOf, warningHeaders } from "./respond.ts";
import { writeWatch } from "./watch-writer.ts";
import { acceptWebSocket, asksForWebSocket } from "./websocket-response.ts";

export interface FrontConfig {
  /** Requests that are neither watches nor streams end after this. */
  requestTimeout_ms: number;
  /** How likely a request makes its HTTP/2 client open a new connection, perhaps to another server. */
  goawayChance: number;
}

export interface FrontPorts {
  clock: Clock;
  random: Random;
  log: Logger;
  metrics: RequestMetrics;
}

type Handler = (call: Call) => Promise<Reply>;

/** Spares the exception that abort() would make for each finished request. */
const GONE = "the client has gone";
const PAGE_NOT_FOUND = { contentType: "text/plain; charset=utf-8", body: "404 page not found\n" };
const AUDIT_ID_LENGTH_MAX = 64;

/** Turns HTTP requests into calls and the chain's replies into answers. */
export class Front {
  private readonly ports: FrontPorts;
  private readonly config: FrontConfig;
  private readonly handler: Handler;
  /** Ends the watches that are open. */
  private readonly watches = new Set<() => void>();
  private running = 0;
  private stopping = false;

  constructor(ports: FrontPorts, config: FrontConfig, handler: Handler) {
    this.ports = ports;
    this.config = config;
    this.handler = handler;
  }

  /** Requests being answered, watches left out. */
  get busy(): boolean {
    return this.running > 0;
  }

  /** Ends all watches in order, and asks clients to leave with their next answer. */
  drain(): void {
    this.stopping = true;
    for (const end of this.watches) end();
  }

  async request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, log, metrics } = this.ports;
    const gone = new Departure();
    response.on("close", () => gone.leave());
    response.on("error", () => {});
    const call = callOf(request, gone, this.ports);
    if (!call) return badRequest(request, response);
    this.sendAway(request, response);
    const done = metrics.begin(call.info);
    const limit_ms = timeoutOf(call, this.config.requestTimeout_ms);
    const timer = isLongRunning(call) ? undefined : clock.setTimeout(() => this.timeOut(request, response, gone), limit_ms);
    if (timer) this.running++;
    try {
      const reply = await this.handler(call);
      await this.reply(request, response, call, reply);
      done(response.statusCode);
    } catch (error) {
      const status = statusOf(error, log);
      done(status.code);
      if (response.headersSent) response.destroy();
      else {
        const { contentType, body } = error instanceof NoSuchPath ? PAGE_NOT_FOUND : renderStatus(status, call.accept);
        this.leaveUnread(request, response);
        await send(request, response, status.code, contentType, body, { ...headersOf(call), ...statusHeaders(status) });
      }
    } finally {
      timer?.cancel();
      if (timer) this.running--;
    }
  }

  private async reply(request: IncomingMessage, response: ServerResponse, call: Call, reply: Reply): Promise<void> {
    switch (reply.type) {
      case "document":
        return send(request, response, reply.code, reply.contentType, reply.body, { ...headersOf(call), ...reply.headers });
      case "stream":
        for (const [name, value] of Object.entries(headersOf(call))) response.setHeader(name, value);
        return reply.serve(response);
      case "proxy":
        return reply.serve(request, response);
      case "upgrade":
        throw apiError("BadRequest", "Upgrade request required");
      case "watch":
        return this.watch(response, call, reply, negotiate(request.headers.accept, hasProtobuf(reply)));
      default: {
        const format = negotiate(request.headers.accept, hasProtobuf(reply));
        const options = { format, includeObject: call.query.get("includeObject"), now_ms: call.now_ms };
        const { contentType, body } = await render(reply, options);
        return send(request, response, reply.type === "object" ? reply.code : 200, contentType, body, headersOf(call));
      }
    }
  }

  private watch(response: StreamResponse, call: Call, reply: Extract<Reply, { type: "watch" }>, format: Format): Promise<void> {
    const { clock } = this.ports;
    const options = { format, includeObject: call.query.get("includeObject"), now: () => clock.now(), headers: headersOf(call) };
    return writeWatch(response, reply.definition, reply.source, options, this.watches);
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const gone = new Departure();
    socket.on("close", () => gone.leave());
    socket.on("error", () => gone.leave());
    try {
      const call = callOf(request, gone, this.ports);
      if (!call) throw apiError("BadRequest", "malformed request target");
      const reply = await this.handler(call);
      if (reply.type === "upgrade") await reply.handle(request, socket, head);
      else if (reply.type === "proxy") await reply.upgrade(request, socket, head);
      else if (!asksForWebSocket(request)) throw apiError("BadRequest", "this path does not take an upgrade");
      else if (reply.type === "stream") await reply.serve(await acceptWebSocket(request, socket, head, "bytes"));
      else if (reply.type === "watch") {
        const format = negotiate(request.headers.accept, false);
        await this.watch(await acceptWebSocket(request, socket, head, "lines"), call, reply, format);
      } else throw apiError("BadRequest", "this path does not take an upgrade");
    } catch (error) {
      const status = statusOf(error, this.ports.log);
      const body = JSON.stringify(status);
      socket.end(
        `HTTP/1.1 ${status.code} ${status.reason ?? "Error"}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    }
  }

  private timeOut(request: IncomingMessage, response: ServerResponse, gone: Departure): void {
    if (response.headersSent) return;
    const { status } = apiError("Timeout", "Timeout: request did not complete within the allotted timeout", {});
    this.leaveUnread(request, response);
    void send(request, response, status.code, "application/json", JSON.stringify(status)).finally(() => gone.leave());
  }

  /** A refused request whose body still comes: nobody reads it to its end. */
  private leaveUnread(request: IncomingMessage, response: ServerResponse): void {
    if (request.complete) return;
    if (request.httpVersionMajor === 1) response.setHeader("Connection", "close");
    // Closing at once would reset the connection before the client has read the answer.
    response.once("finish", () => this.ports.clock.setTimeout(() => request.destroy(), LINGER_MS));
  }

  /** A server that stops wants nobody's next request; one that runs spreads its HTTP/2 clients now and then. */
  private sendAway(request: IncomingMessage, response: ServerResponse): void {
    const { session } = (request as unknown as Http2ServerRequest).stream ?? {};
    if (session) {
      if (this.stopping || (this.config.goawayChance > 0 && this.ports.random.next() < this.config.goawayChance)) session.close();
    } else if (this.stopping) response.setHeader("Connection", "close");
  }
}

/** Tells whoever asked to know that the client has gone; few do, so the signal is made only for them. */
class Departure {
  private left = false;
  private controller: AbortController | undefined;

  leave(): void {
    this.left = true;
    this.controller?.abort(GONE);
  }

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.left) this.controller.abort(GONE);
    return this.controller.signal;
  }
}

/** As Go's HTTP server. */
const LINGER_MS = 500;

/** A client may want its answer sooner than the server would give up (?timeout=34s). */
function timeoutOf({ query }: Call, max_ms: number): number {
  const asked_ms = parseDuration(query.get("timeout") ?? "");
  return asked_ms !== undefined && asked_ms > 0 ? Math.min(asked_ms, max_ms) : max_ms;
}

const headersOf = (call: Call): Record<string, string | string[]> => {
  const headers: Record<string, string | string[]> = call.responseHeaders;
  headers["Audit-Id"] = call.auditId;
  return call.warnings.length === 0 ? headers : { ...headers, ...warningHeaders(call.warnings) };
};

function badRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status } = apiError("BadRequest", "malformed request target");
  return send(request, response, status.code, "application/json", JSON.stringify(status));
}

/** As it was sent: taking dots away here would hide from whoever authorizes what was asked for. undefined when the target is no path. */
function splitTarget(target: string): { pathname: string; searchParams: URLSearchParams } | undefined {
  if (!target.startsWith("/")) return undefined;
  const mark = target.indexOf("?");
  if (mark < 0) return { pathname: target, searchParams: new URLSearchParams() };
  return { pathname: target.slice(0, mark), searchParams: new URLSearchParams(target.slice(mark + 1)) };
}

/** undefined when the request target is no path. */
function callOf(request: IncomingMessage, gone: Departure, { clock, random }: FrontPorts): Call | undefined {
  const target = request.url ?? "/";
  const url = splitTarget(target);
  if (!url) return undefined;
  const { pathname, searchParams } = url;
  const { headers } = request;
  let body: Promise<Uint8Array> | undefined;
  return {
    info: parseRequestInfo(request.method ?? "GET", pathname, searchParams),
    query: searchParams,
    credentials: credentialsOf(certificateOf(request.socket as TLSSocket), request),
    contentType: headers["content-type"],
    accept: headers.accept,
    ifNoneMatch: headers["if-none-match"],
    now_ms: clock.now(),
    userAgent: String(headers["user-agent"] ?? ""),
    body: () => (body ??= readBody(request)),
    get signal() {
      return gone.signal;
    },
    user: { name: "", groups: [] },
    warnings: [],
    responseHeaders: {},
    auditId: auditIdOf(headers["audit-id"], random),
    annotations: {},
    uri: target,
    get sourceIps() {
      return sourceIpsOf(request);
    },
  };
}

/** A proxy in front may have given the request its ID already. */
function auditIdOf(given: string | string[] | undefined, random: Random): string {
  return typeof given === "string" && given !== "" && given.length <= AUDIT_ID_LENGTH_MAX ? given : uuid(random);
}

function sourceIpsOf(request: IncomingMessage): string[] {
  const forwarded = String(request.headers["x-forwarded-for"] ?? "");
  const hops = forwarded.split(",").map((hop) => hop.trim());
  return [...hops, request.socket.remoteAddress ?? ""].filter((address) => address !== "");
}
