import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { Deframer, frame } from "./frames.ts";
import { Code, encodeMessage, RpcError } from "./status.ts";

/**
 * gRPC's wire protocol straight on node:http2. The store answers tens of
 * thousands of small calls a second: this costs half of what the general
 * library does per call, and a quarter of its start-up time.
 */

const HEADERS: OutgoingHttpHeaders = { ":status": 200, "content-type": "application/grpc" };
const TRAILERS_OK: OutgoingHttpHeaders = { "grpc-status": "0" };

/** One call with one answer. Exactly one of `reply` and `fail` has an effect, the first one. */
export class UnaryCall {
  readonly headers: IncomingHttpHeaders;
  private readonly stream: ServerHttp2Stream;
  private done = false;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.stream = stream;
    this.headers = headers;
  }

  /** Whether the client has gone, by cancelling or with its connection. */
  get gone(): boolean {
    return isGone(this.stream);
  }

  get session() {
    return this.stream.session;
  }

  /** Runs `fn` when the call is over, answered or given up. */
  onClose(fn: () => void): void {
    this.stream.once("close", fn);
  }

  /** `framed`: the message with its frame header (`sealFrame`). */
  replyFramed(framed: Buffer): void {
    if (this.done || isGone(this.stream)) return;
    this.done = true;
    this.stream.respond(HEADERS, { waitForTrailers: true });
    this.stream.once("wantTrailers", sendTrailersOk);
    this.stream.end(framed);
  }

  reply(message: Uint8Array): void {
    this.replyFramed(frame(message));
  }

  fail(error: unknown): void {
    if (this.done) return;
    this.done = true;
    endWithError(this.stream, error);
  }
}

/** A call with messages both ways, or many answers. */
export class StreamCall {
  readonly headers: IncomingHttpHeaders;
  /** Called for each message; for calls with one request, once. */
  onMessage: (message: Buffer) => void = () => {};
  /** The client has sent everything. */
  onEnd: () => void = () => {};
  /** The call is over, whoever ended it. */
  onClose: () => void = () => {};
  /** What was sent has been taken: `writable` is true again. */
  onDrain: () => void = () => {};
  private readonly stream: ServerHttp2Stream;
  private responded = false;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.stream = stream;
    this.headers = headers;
  }

  get writable(): boolean {
    return !isGone(this.stream) && !this.stream.writableEnded && !this.stream.writableNeedDrain;
  }

  get session() {
    return this.stream.session;
  }

  /** Sends the response headers now, before any message. */
  open(): void {
    if (this.responded || isGone(this.stream)) return;
    this.responded = true;
    this.stream.respond(HEADERS, { waitForTrailers: true });
  }

  sendFramed(framed: Buffer): void {
    if (isGone(this.stream) || this.stream.writableEnded) return;
    this.open();
    this.stream.write(framed);
  }

  send(message: Uint8Array): void {
    this.sendFramed(frame(message));
  }

  end(): void {
    if (isGone(this.stream) || this.stream.writableEnded) return;
    this.open();
    this.stream.once("wantTrailers", sendTrailersOk);
    this.stream.end();
  }

  fail(error: unknown): void {
    if (isGone(this.stream) || this.stream.writableEnded) return;
    if (!this.responded) return endWithError(this.stream, error);
    const { stream } = this;
    stream.once("wantTrailers", () => {
      if (!isGone(stream)) stream.sendTrailers(statusOf(error));
    });
    stream.end();
  }
}

function sendTrailersOk(this: ServerHttp2Stream): void {
  if (!isGone(this)) this.sendTrailers(TRAILERS_OK);
}

/** Reset by the client, or with its connection: answering would throw. */
const isGone = (stream: ServerHttp2Stream) => stream.destroyed || stream.closed || stream.session === undefined || stream.session.destroyed;

export type UnaryHandler = (request: Buffer, call: UnaryCall) => void;
export type StreamHandler = (call: StreamCall) => void;

/** Methods by path. One router serves any number of listeners. */
export class Router {
  private readonly unaries = new Map<string, UnaryHandler>();
  private readonly streams = new Map<string, StreamHandler>();
  private readonly message_bytes_max: number;

  constructor(message_bytes_max: number) {
    this.message_bytes_max = message_bytes_max;
  }

  unary(path: string, handler: UnaryHandler): void {
    this.unaries.set(path, handler);
  }

  streaming(path: string, handler: StreamHandler): void {
    this.streams.set(path, handler);
  }

  handle(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on("error", ignore); // resets arrive as errors; "close" follows
    const path = headers[":path"] ?? "";
    const unary = this.unaries.get(path);
    if (unary) return this.runUnary(unary, stream, headers);
    const streaming = this.streams.get(path);
    if (streaming) return this.runStream(streaming, stream, headers);
    const [, service = "", method = ""] = path.split("/");
    endWithError(stream, new RpcError(Code.UNIMPLEMENTED, `unknown method ${method} for service ${service}`));
    stream.resume();
  }

  private runUnary(handler: UnaryHandler, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const call = new UnaryCall(stream, headers);
    const deframer = new Deframer(this.message_bytes_max);
    const onMessage = (message: Buffer) => {
      try {
        handler(message, call);
      } catch (error) {
        call.fail(error);
      }
    };
    stream.on("data", (chunk: Buffer) => {
      try {
        deframer.push(chunk, onMessage);
      } catch (error) {
        call.fail(error);
      }
    });
  }

  private runStream(handler: StreamHandler, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const call = new StreamCall(stream, headers);
    const deframer = new Deframer(this.message_bytes_max);
    const guarded = (fn: () => void) => {
      try {
        fn();
      } catch (error) {
        call.fail(error);
      }
    };
    stream.on("data", (chunk: Buffer) => guarded(() => deframer.push(chunk, (m) => call.onMessage(m))));
    stream.on("end", () => guarded(() => call.onEnd()));
    stream.on("drain", () => guarded(() => call.onDrain()));
    stream.on("close", () => call.onClose());
    guarded(() => handler(call));
  }
}

function endWithError(stream: ServerHttp2Stream, error: unknown): void {
  if (isGone(stream) || stream.headersSent) return;
  stream.respond({ ...HEADERS, ...statusOf(error) }, { endStream: true });
}

function statusOf(error: unknown): OutgoingHttpHeaders {
  const code = error instanceof RpcError ? error.code : (error as Error)?.name === "WireError" ? Code.INVALID_ARGUMENT : Code.UNKNOWN;
  return { "grpc-status": String(code), "grpc-message": encodeMessage(error instanceof Error ? error.message : String(error)) };
}

function ignore(): void {}
