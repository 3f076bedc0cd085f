import type { IncomingHttpHeaders } from "node:http2";
import type { CallStatus, CallStream, Session } from "./call-stream.ts";
import { Deframer, frame, wholeMessage } from "./frames.ts";
import { CallStats } from "./stats.ts";
import { Code, encodeMessage, RpcError } from "./status.ts";

/**
 * gRPC's wire protocol on our own HTTP/2 (`h2/`). The store answers tens of
 * thousands of small calls a second, and what a call costs is mostly this: on
 * node:http2 it took twice the processor time, the kernel's part included.
 */

export type { Session } from "./call-stream.ts";

class Call {
  protected readonly stream: CallStream;
  protected readonly stats: CallStats;

  constructor(stream: CallStream, stats: CallStats) {
    this.stream = stream;
    this.stats = stats;
  }

  get headers(): IncomingHttpHeaders {
    return this.stream.headers;
  }

  get session(): Session {
    return this.stream.session;
  }
}

/** One call with one answer. Exactly one of `reply` and `fail` has an effect, the first one. */
export class UnaryCall extends Call {
  /** Whether the client has gone, by cancelling or with its connection. */
  get gone(): boolean {
    return this.stream.closed;
  }

  /** Runs `fn` when the call is over, answered or given up. */
  onClose(fn: () => void): void {
    const before = this.stream.onClose;
    this.stream.onClose = () => {
      before();
      fn();
    };
  }

  /** `framed`: the message with its frame header (`sealFrame`). */
  replyFramed(framed: Buffer): void {
    if (!this.stream.ended) {
      this.stats.send(framed);
      this.stats.handled[Code.OK]!++;
    }
    this.stream.answer(framed);
  }

  reply(message: Uint8Array): void {
    this.replyFramed(frame(message));
  }

  fail(error: unknown): void {
    if (this.stream.ended) return;
    this.stats.handled[codeOf(error)]!++;
    this.stream.refuse(statusOf(error));
  }
}

/** A call with messages both ways, or many answers. */
export class StreamCall extends Call {
  /** Called for each message; for calls with one request, once. */
  onMessage: (message: Buffer) => void = () => {};
  /** The client has sent everything. */
  onEnd: () => void = () => {};
  /** The call is over, whoever ended it. */
  onClose: () => void = () => {};
  /** What was sent has been taken: `writable` is true again. */
  onDrain: () => void = () => {};

  get writable(): boolean {
    const { stream } = this;
    return !stream.closed && !stream.ended && !stream.full;
  }

  /** Sends the response headers now, before any message. */
  open(): void {
    this.stream.open();
  }

  sendFramed(framed: Buffer): void {
    this.stats.send(framed);
    this.stream.write(framed);
  }

  send(message: Uint8Array): void {
    this.sendFramed(frame(message));
  }

  end(): void {
    if (!this.stream.ended) this.stats.handled[Code.OK]!++;
    this.stream.end();
  }

  fail(error: unknown): void {
    const { stream } = this;
    if (!stream.ended) this.stats.handled[codeOf(error)]!++;
    if (stream.opened) stream.end(statusOf(error));
    else stream.refuse(statusOf(error));
  }
}

export type UnaryHandler = (request: Buffer, call: UnaryCall) => void;
export type StreamHandler = (call: StreamCall) => void;

/** Methods by path. One router serves any number of listeners. */
export class Router {
  private readonly unaries = new Map<string, { handler: UnaryHandler; stats: CallStats }>();
  private readonly streams = new Map<string, { handler: StreamHandler; stats: CallStats }>();
  /** What was counted, by path. */
  readonly stats = new Map<string, CallStats>();
  private readonly message_bytes_max: number;

  constructor(message_bytes_max: number) {
    this.message_bytes_max = message_bytes_max;
  }

  unary(path: string, handler: UnaryHandler): void {
    this.unaries.set(path, { handler, stats: this.count(path, "unary") });
  }

  streaming(path: string, handler: StreamHandler, type: "bidi_stream" | "server_stream" = "bidi_stream"): void {
    this.streams.set(path, { handler, stats: this.count(path, type) });
  }

  private count(path: string, type: CallStats["type"]): CallStats {
    const stats = new CallStats(type);
    this.stats.set(path, stats);
    return stats;
  }

  handle(stream: CallStream): void {
    const path = stream.headers[":path"] ?? "";
    const unary = this.unaries.get(path);
    if (unary) return this.runUnary(unary.handler, unary.stats, stream);
    const streaming = this.streams.get(path);
    if (streaming) return this.runStream(streaming.handler, streaming.stats, stream);
    const [, service = "", method = ""] = path.split("/");
    new UnaryCall(stream, new CallStats("unary")).fail(new RpcError(Code.UNIMPLEMENTED, `unknown method ${method} for service ${service}`));
  }

  private runUnary(handler: UnaryHandler, stats: CallStats, stream: CallStream): void {
    const call = new UnaryCall(stream, stats);
    stats.started++;
    let deframer: Deframer | undefined;
    let called = false;
    const guarded = (run: () => void) => {
      try {
        run();
      } catch (error) {
        call.fail(error);
      }
    };
    const onMessage = (message: Buffer) => {
      if (called) throw new RpcError(Code.INTERNAL, "a unary call has one request");
      called = true;
      stats.receive(message);
      guarded(() => handler(message, call));
    };
    stream.onData = (chunk) =>
      guarded(() => {
        const whole = called || deframer ? undefined : wholeMessage(chunk);
        if (whole) return onMessage(whole);
        deframer ??= new Deframer(this.message_bytes_max);
        deframer.push(chunk, onMessage);
      });
    stream.onEnd = () => {
      if (!called) call.fail(new RpcError(Code.INTERNAL, "the request ended before its message"));
    };
  }

  private runStream(handler: StreamHandler, stats: CallStats, stream: CallStream): void {
    const call = new StreamCall(stream, stats);
    stats.started++;
    const deframer = new Deframer(this.message_bytes_max);
    const guarded = (run: () => void) => {
      try {
        run();
      } catch (error) {
        call.fail(error);
      }
    };
    const onMessage = (message: Buffer) => {
      stats.receive(message);
      call.onMessage(message);
    };
    stream.onData = (chunk) => guarded(() => deframer.push(chunk, onMessage));
    stream.onEnd = () => guarded(() => call.onEnd());
    stream.onDrain = () => guarded(() => call.onDrain());
    stream.onClose = () => {
      if (!stream.ended) stats.handled[Code.CANCELLED]!++;
      call.onClose();
    };
    guarded(() => handler(call));
  }
}

function codeOf(error: unknown): Code {
  if (error instanceof RpcError) return error.code;
  return (error as Error)?.name === "WireError" ? Code.INVALID_ARGUMENT : Code.UNKNOWN;
}

function statusOf(error: unknown): CallStatus {
  return { code: String(codeOf(error)), message: encodeMessage(error instanceof Error ? error.message : String(error)) };
}
