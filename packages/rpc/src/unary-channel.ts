import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants, type IncomingHttpHeaders } from "node:http2";
import { isIP } from "node:net";
import type { Clock } from "@flotilla/base";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { MESSAGE_BYTES_MAX, type TlsFiles } from "./channel.ts";

/** A method of a generated service definition. */
export interface UnaryDefinition<Q, R> {
  path: string;
  requestSerialize(request: Q): Buffer;
  responseDeserialize(bytes: Buffer): R;
}

const WINDOW_BYTES = 8 * 1024 * 1024;
/** gRPC's message frame: one byte of compression flag, four of length. */
const FRAME_BYTES = 5;

/**
 * gRPC unary calls straight on one HTTP/2 connection, for callers that make
 * thousands a second: a call costs half of grpc-js's. No name resolution, no
 * balancing, no retries: a broken connection fails its calls with UNAVAILABLE at
 * once, and the next call opens a new one.
 */
export class UnaryChannel {
  private readonly url: string;
  private readonly tls: TlsFiles;
  private readonly clock: Clock;
  private session: ClientHttp2Session | undefined;
  /** When the peer last answered anything; of a new connection, when it was opened. */
  private heard_ms = 0;

  /** `url` is "https://host:port" or "http://host:port". */
  constructor(url: string, tls: TlsFiles, clock: Clock) {
    this.url = url;
    this.tls = tls;
    this.clock = clock;
  }

  /** Rejects with a ServiceError; DEADLINE_EXCEEDED after `timeout_ms`. */
  call<Q, R>(method: UnaryDefinition<Q, R>, request: Q, timeout_ms: number): Promise<R> {
    return new Promise((resolve, reject) => {
      const session = this.connected();
      const stream = session.request({
        ":method": "POST",
        ":path": method.path,
        "content-type": "application/grpc",
        te: "trailers",
        "grpc-timeout": `${Math.ceil(timeout_ms)}m`,
      });
      const timer = this.clock.setTimeout(() => {
        // Nothing at all came, for anybody: the peer hangs, and later calls must not wait on the same connection.
        if (this.clock.monotonic() - this.heard_ms >= timeout_ms) this.drop(session);
        stream.close(constants.NGHTTP2_CANCEL);
        settle(failure(status.DEADLINE_EXCEEDED, `no answer within ${timeout_ms} ms`));
      }, timeout_ms);
      const answer = new Answer(stream, () => (this.heard_ms = this.clock.monotonic()));
      const settle = (result: ServiceError | Buffer) => {
        timer.cancel();
        if (result instanceof Error) reject(result);
        else {
          try {
            resolve(method.responseDeserialize(result));
          } catch (error) {
            reject(failure(status.INTERNAL, `malformed answer: ${(error as Error).message}`));
          }
        }
      };
      answer.onEnd(settle);
      stream.end(frame(method.requestSerialize(request)));
    });
  }

  close(): void {
    this.session?.close();
    this.session = undefined;
  }

  private connected(): ClientHttp2Session {
    if (this.session && !this.session.closed && !this.session.destroyed) return this.session;
    const { hostname } = new URL(this.url);
    const session = connect(this.url, {
      // RFC 6066 knows names only; the certificate is still checked against the address.
      ...(isIP(hostname.replace(/^\[|\]$/g, "")) ? { servername: "" } : {}),
      ...(this.tls.ca ? { ca: this.tls.ca } : {}),
      ...(this.tls.cert ? { cert: this.tls.cert } : {}),
      ...(this.tls.key ? { key: this.tls.key } : {}),
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
    });
    session.on("connect", () => session.setLocalWindowSize(WINDOW_BYTES));
    session.on("error", () => this.drop(session));
    session.on("goaway", () => this.drop(session));
    session.on("close", () => this.drop(session));
    // An idle connection alone keeps no process alive.
    session.unref();
    this.session = session;
    this.heard_ms = this.clock.monotonic();
    return session;
  }

  private drop(session: ClientHttp2Session): void {
    if (this.session === session) this.session = undefined;
    session.destroy();
  }
}

/** Collects one call's answer: the message from its data frames, the outcome from its trailers. */
class Answer {
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private trailers: IncomingHttpHeaders | undefined;
  private cause: Error | undefined;
  private readonly stream: ClientHttp2Stream;

  constructor(stream: ClientHttp2Stream, heard: () => void) {
    this.stream = stream;
    stream.on("response", (headers) => {
      heard();
      // An answer without a body carries the outcome in its headers.
      if (headers["grpc-status"] !== undefined) this.trailers = headers;
    });
    stream.on("trailers", (headers) => (this.trailers = headers));
    stream.on("data", (chunk: Buffer) => {
      this.size += chunk.length;
      if (this.size > MESSAGE_BYTES_MAX) stream.close(constants.NGHTTP2_CANCEL);
      else this.chunks.push(chunk);
    });
    stream.on("error", (error) => (this.cause = error));
  }

  onEnd(settle: (result: ServiceError | Buffer) => void): void {
    this.stream.on("close", () => settle(this.outcome()));
  }

  private outcome(): ServiceError | Buffer {
    const code = this.trailers?.["grpc-status"];
    if (code === undefined) return failure(status.UNAVAILABLE, this.cause?.message ?? "the connection was lost");
    if (code !== "0") return failure(Number(code), decodeURIComponent(String(this.trailers?.["grpc-message"] ?? "")), this.trailers);
    const body = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    if (body.length < FRAME_BYTES || body[0] !== 0 || body.readUInt32BE(1) !== body.length - FRAME_BYTES)
      return failure(status.INTERNAL, "malformed message frame");
    return body.subarray(FRAME_BYTES);
  }
}

function frame(message: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_BYTES + message.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(message.length, 1);
  message.copy(bytes, FRAME_BYTES);
  return bytes;
}

function failure(code: status, details: string, trailers: IncomingHttpHeaders = {}): ServiceError {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) {
    if (key.startsWith(":") || value === undefined) continue;
    metadata.set(key, key.endsWith("-bin") ? Buffer.from(String(value), "base64") : String(value));
  }
  return Object.assign(new Error(`${code} ${details}`), { code, details, metadata });
}
