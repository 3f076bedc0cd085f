import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { apiError } from "@flotilla/api";
import { HtmlLinks, type RewriteLink } from "./html-links.ts";

/** Where a request is passed on to. */
export interface Destination {
  scheme: "http" | "https";
  host: string;
  port: number;
  /** Path and query there. */
  path: string;
  /** Certificates and how to check the server's; https only. */
  tls?: Pick<RequestOptions, "ca" | "cert" | "key" | "rejectUnauthorized" | "servername">;
  /** Headers that replace the client's own. */
  headers?: Record<string, string | string[]>;
  /** Changes a Location header, and the links of HTML pages, so that the client stays on this server. */
  rewriteLink?: RewriteLink;
}

/** Belong to one connection and are not passed on (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** Of an answer; as many as we take ourselves. */
const HEADER_BYTES_MAX = 1024 * 1024;
/** What authenticated the client here is nobody else's business. */
const CREDENTIALS = /^(authorization$|impersonate-|x-remote-)/;

/** Passes one request on and its answer back, as streams in both directions. @throws ApiError ServiceUnavailable before anything was answered */
export async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  destination: Destination,
  signal: AbortSignal,
): Promise<void> {
  const outgoing = open(request, destination, passedOn(request.headers), signal);
  const answered = answerOf(outgoing);
  request.pipe(outgoing);
  const answer = await answered;
  const changes = request.method === "HEAD" ? [] : pageChanges(answer, destination);
  const headers = answerHeaders(answer, destination);
  if (changes.length > 0) delete headers["content-length"];
  response.writeHead(answer.statusCode!, headers);
  response.flushHeaders();
  // Either side may break off in the middle: then the other is closed too, which is all that can be said by then.
  await pipeline([answer, ...changes, response]).catch(() => {});
}

/** What the answer goes through on its way: pages in an encoding that is not known pass as they are. */
function pageChanges({ headers }: IncomingMessage, { rewriteLink }: Destination): Duplex[] {
  const type = (headers["content-type"] ?? "").split(";")[0]!.trim().toLowerCase();
  if (!rewriteLink || type !== "text/html") return [];
  const links = new HtmlLinks(rewriteLink);
  const encoding = headers["content-encoding"] ?? "";
  if (encoding === "gzip") return [createGunzip(), links, createGzip()];
  return encoding === "" ? [links] : [];
}

/** The same for a connection that changes its protocol: WebSocket, SPDY. */
export async function forwardUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  destination: Destination,
  signal: AbortSignal,
): Promise<void> {
  const { upgrade = "" } = request.headers;
  const outgoing = open(request, destination, { ...passedOn(request.headers), connection: "Upgrade", upgrade }, signal);
  const upgraded = new Promise<void>((resolve, reject) => {
    outgoing.on("upgrade", (answer: IncomingMessage, other: Duplex, first: Buffer) => {
      socket.write(rawHead(answer));
      if (first.length > 0) socket.write(first);
      if (head.length > 0) other.write(head);
      join(socket, other);
      resolve();
    });
    outgoing.on("response", (answer: IncomingMessage) => {
      // No upgrade: the refusal is the client's to read. Its body comes unwrapped, and ends with the connection.
      const kept = pairsOf(answer.rawHeaders).filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()));
      socket.write(rawHead({ ...statusOf(answer), rawHeaders: [...kept.flat(), "Connection", "close"] }));
      pipeline(answer, socket).catch(() => {});
      resolve();
    });
    outgoing.on("error", (error) => reject(unreachable(error)));
  });
  outgoing.end();
  await upgraded;
}

function open(request: IncomingMessage, destination: Destination, headers: IncomingHttpHeaders, signal: AbortSignal): ClientRequest {
  const { scheme, host, port, path, tls } = destination;
  const options = {
    method: request.method!,
    host,
    port,
    path,
    headers: { ...headers, ...destination.headers },
    signal,
    maxHeaderSize: HEADER_BYTES_MAX,
  };
  return scheme === "https" ? httpsRequest({ ...options, ...tls }) : httpRequest(options);
}

function answerOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.on("response", resolve);
    outgoing.on("error", (error) => reject(unreachable(error)));
  });
}

const unreachable = (error: Error) => apiError("ServiceUnavailable", `error trying to reach service: ${error.message}`);

function passedOn(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = new Set(
    String(headers.connection ?? "")
      .toLowerCase()
      .split(/\s*,\s*/),
  );
  const kept = Object.entries(headers).filter(
    ([name]) => !name.startsWith(":") && !HOP_BY_HOP.has(name) && !named.has(name) && !CREDENTIALS.test(name),
  );
  const host = headers.host ?? headers[":authority"];
  return { ...Object.fromEntries(kept), ...(host === undefined ? {} : { host: String(host) }) };
}

function answerHeaders({ headers }: IncomingMessage, { rewriteLink }: Destination): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || HOP_BY_HOP.has(name)) continue;
    kept[name] = name === "location" && rewriteLink ? rewriteLink(value as string) : value;
  }
  return kept;
}

type Head = Pick<IncomingMessage, "statusCode" | "statusMessage" | "rawHeaders">;

const statusOf = ({ statusCode, statusMessage }: Head) => ({ statusCode, statusMessage });

const pairsOf = (rawHeaders: readonly string[]): [string, string][] =>
  rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1]!] as [string, string]] : []));

/** The answer's status line and headers as they came. */
function rawHead({ statusCode, statusMessage, rawHeaders }: Head): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`, ...pairsOf(rawHeaders).map(([name, value]) => `${name}: ${value}`)];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** Two connections as one: what ends on either side ends on the other. */
function join(a: Duplex, b: Duplex): void {
  a.pipe(b);
  b.pipe(a);
  const close = () => {
    a.destroy();
    b.destroy();
  };
  for (const side of [a, b]) {
    side.on("error", close);
    side.on("close", close);
  }
}
