import type { Socket } from "node:net";
import type { TlsFiles } from "../channel.ts";
import { ConnectionError, ERROR, FLAG, FRAME, frameOf, headOf, numberFrame, PREFACE } from "./frames.ts";
import type { Headers } from "./hpack-decoder.ts";
import { Incoming } from "./incoming.ts";
import { RECEIVE_WINDOW_BYTES, UNSENT_BYTES_MAX } from "./limits.ts";
import { creditDue, type Receiver } from "./payloads.ts";
import { DEFAULT_FRAME_BYTES_MAX, DEFAULT_WINDOW_BYTES, SETTING, type Setting, settingsFrame, WINDOW_BYTES_MAX } from "./settings.ts";
import { openSocket } from "./socket.ts";

/** No header table: each block stands for itself, and the same few answers are known by their bytes. */
const INCOMING_LIMITS = { frame_bytes_max: 1 << 20, table_bytes_max: 0, block_bytes_max: 256 << 10, headers_bytes_max: 256 << 10 };
const READ_BYTES = 256 << 10;
const STREAM_ID_MAX = 0x7fffffff;
/** A watch and a call: nobody to share a write with. */
const LONE_STREAMS = 2;

export interface StreamHandler {
  headers(headers: Headers): void;
  /** The bytes are only there during the call. */
  data(chunk: Buffer): void;
  /** Once, at the end: without an error when the peer has ended the stream in order. */
  closed(error?: Error): void;
}

interface Stream extends Receiver {
  id: number;
  handler: StreamHandler;
  /** What we may still send. */
  window_bytes: number;
  /** Bytes that wait for room. */
  unsent: { bytes: Buffer; end: boolean }[];
}

/** One request on its connection. */
export interface OpenStream {
  write(bytes: Buffer, end: boolean): void;
  cancel(): void;
}

/**
 * The client's side of one HTTP/2 connection (RFC 9113), as much of it as gRPC needs: no push, no priorities,
 * no dynamic header table. Node's own spends on a call five times what the call itself costs.
 * 1. Frames of one stream go out in order, and never more than the peer's windows allow.
 * 2. Every stream's handler hears `closed` exactly once.
 * 3. Once closed, nothing is read or written any more.
 */
export class Http2Connection {
  private readonly socket: Socket;
  private readonly incoming = new Incoming(INCOMING_LIMITS, {
    data: (id, flags, body, size) => this.data(id, flags, body, size),
    headers: (id, flags, headers) => this.headers(id, flags, headers),
    reset: (id, code) => this.reset(id, code),
    settings: (settings) => this.settings(settings),
    windowUpdate: (id, more) => this.windowUpdate(id, more),
    goaway: () => this.fail(new Error("the peer asked to go away")),
    confirm: (ack) => this.confirm(ack),
  });
  private readonly received: Receiver = { uncredited_bytes: 0 };
  private readonly streams = new Map<number, Stream>();
  private readonly ended: (error: Error) => void;
  private nextId = 1;
  private window_bytes = DEFAULT_WINDOW_BYTES;
  private streamWindow_bytes = DEFAULT_WINDOW_BYTES;
  private frame_bytes_max = DEFAULT_FRAME_BYTES_MAX;
  private streamsMax = Number.POSITIVE_INFINITY;
  private out: Buffer[] = [];
  private flushing = false;
  private closedBy: Error | undefined;
  /** Streams that wait until the peer allows another one. */
  private readonly waiting: (() => void)[] = [];

  /** `ended` is called once, when no further stream can be opened here. */
  constructor(url: string, tls: TlsFiles, ended: (error: Error) => void) {
    this.ended = ended;
    this.socket = connected(new URL(url), tls, (chunk) => this.take(chunk));
    this.socket.setNoDelay(true);
    this.socket.on("error", (error) => this.fail(error));
    this.socket.on("close", () => this.fail(new Error("the connection was lost")));
    const settings = settingsFrame([
      [SETTING.headerTableSize, INCOMING_LIMITS.table_bytes_max],
      [SETTING.enablePush, 0],
      [SETTING.initialWindowSize, RECEIVE_WINDOW_BYTES],
      [SETTING.maxFrameSize, INCOMING_LIMITS.frame_bytes_max],
    ]);
    const window = numberFrame(FRAME.windowUpdate, 0, RECEIVE_WINDOW_BYTES - DEFAULT_WINDOW_BYTES);
    this.send(Buffer.from(PREFACE), settings, window);
  }

  get usable(): boolean {
    return this.closedBy === undefined && this.nextId < STREAM_ID_MAX;
  }

  /** `headers` as encodeHeaders made them. */
  request(headers: Buffer, handler: StreamHandler): OpenStream {
    const stream: Stream = { id: 0, handler, window_bytes: 0, uncredited_bytes: 0, unsent: [] };
    const begin = () => {
      stream.id = this.nextId;
      this.nextId += 2;
      stream.window_bytes = this.streamWindow_bytes;
      this.streams.set(stream.id, stream);
      this.send(frameOf(FRAME.headers, FLAG.endHeaders, stream.id, headers));
      this.pump(stream);
    };
    if (this.closedBy) queueMicrotask(() => handler.closed(this.closedBy));
    else if (this.streams.size >= this.streamsMax) this.waiting.push(begin);
    else begin();
    return {
      write: (bytes, end) => {
        stream.unsent.push({ bytes, end });
        if (stream.id !== 0) this.pump(stream);
      },
      cancel: () => this.cancel(stream, begin),
    };
  }

  /** All streams end with `error`. */
  close(error = new Error("the connection was closed")): void {
    this.fail(error);
  }

  /** An idle connection alone keeps no process alive. */
  private hold(): void {
    if (this.streams.size > 0) this.socket.ref();
    else this.socket.unref();
  }

  private cancel(stream: Stream, begin: () => void): void {
    const index = this.waiting.indexOf(begin);
    if (index >= 0) {
      this.waiting.splice(index, 1);
      return stream.handler.closed();
    }
    if (this.streams.get(stream.id) !== stream) return;
    this.send(numberFrame(FRAME.reset, stream.id, ERROR.cancel));
    this.finish(stream);
  }

  /** Sends what the windows allow. */
  private pump(stream: Stream): void {
    for (let next = stream.unsent[0]; next; next = stream.unsent[0]) {
      const room = Math.min(next.bytes.length, stream.window_bytes, this.window_bytes, this.frame_bytes_max);
      if (room <= 0 && next.bytes.length > 0) return;
      const whole = room === next.bytes.length;
      this.send(
        headOf(FRAME.data, whole && next.end ? FLAG.endStream : 0, stream.id, room),
        whole ? next.bytes : next.bytes.subarray(0, room),
      );
      stream.window_bytes -= room;
      this.window_bytes -= room;
      if (whole) stream.unsent.shift();
      else next.bytes = next.bytes.subarray(room);
    }
  }

  /** What one turn of the event loop brings together goes out in one write; a lone call does not wait for others. */
  private send(...bytes: Buffer[]): void {
    if (this.closedBy) return;
    this.out.push(...bytes);
    if (this.flushing) return;
    this.flushing = true;
    if (this.streams.size <= LONE_STREAMS) queueMicrotask(() => this.flush());
    else setImmediate(() => this.flush());
  }

  private flush(): void {
    this.flushing = false;
    const { out } = this;
    this.out = [];
    if (this.closedBy || out.length === 0) return;
    this.hold();
    this.socket.write(out.length === 1 ? out[0]! : Buffer.concat(out));
  }

  private take(chunk: Buffer): void {
    try {
      this.incoming.read(chunk);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /** A stream that we have opened, if it has not ended. @throws ConnectionError */
  private opened(id: number): Stream | undefined {
    if (id >= this.nextId) throw new ConnectionError(ERROR.protocol, "an answer to nothing");
    return this.streams.get(id);
  }

  private data(id: number, flags: number, body: Buffer, size: number): void {
    const stream = this.opened(id);
    this.credit(0, this.received, size);
    if (!stream) return;
    if (!(flags & FLAG.endStream)) this.credit(id, stream, size);
    stream.handler.data(body);
    if (flags & FLAG.endStream) this.finish(stream);
  }

  private credit(id: number, receiver: Receiver, bytes: number): void {
    const due = creditDue(receiver, bytes, RECEIVE_WINDOW_BYTES);
    if (due > 0) this.send(numberFrame(FRAME.windowUpdate, id, due));
  }

  private headers(id: number, flags: number, headers: Headers): void {
    const stream = this.opened(id);
    if (!stream) return;
    stream.handler.headers(headers);
    if (flags & FLAG.endStream) this.finish(stream);
  }

  private reset(id: number, code: number): void {
    const stream = this.streams.get(id);
    // NO_ERROR after a whole answer only says that the rest of the request is not wanted.
    if (stream) this.finish(stream, new Error(`the peer reset the stream with code ${code}`));
  }

  private settings(settings: readonly Setting[]): void {
    for (const [setting, value] of settings) {
      if (setting === SETTING.maxConcurrentStreams) this.streamsMax = Math.max(1, value);
      else if (setting === SETTING.maxFrameSize) this.frame_bytes_max = value;
      else if (setting === SETTING.initialWindowSize) {
        // Open streams get the difference, which may take them below zero (§6.9.2).
        for (const stream of this.streams.values()) stream.window_bytes += value - this.streamWindow_bytes;
        this.streamWindow_bytes = value;
      }
    }
    for (const stream of this.streams.values()) this.pump(stream);
  }

  private confirm(ack: Buffer): void {
    if (this.socket.writableLength > UNSENT_BYTES_MAX) throw new ConnectionError(ERROR.calm, "nothing is read");
    this.send(ack);
  }

  private windowUpdate(id: number, more: number): void {
    const stream = this.streams.get(id);
    if (stream) {
      stream.window_bytes += more;
      if (more === 0 || stream.window_bytes > WINDOW_BYTES_MAX) throw new ConnectionError(ERROR.flowControl, "WINDOW_UPDATE");
      this.pump(stream);
    } else if (id === 0) {
      this.window_bytes += more;
      if (more === 0 || this.window_bytes > WINDOW_BYTES_MAX) throw new ConnectionError(ERROR.flowControl, "WINDOW_UPDATE");
      for (const each of this.streams.values()) if (each.unsent.length > 0) this.pump(each);
    }
  }

  private finish(stream: Stream, error?: Error): void {
    this.streams.delete(stream.id);
    if (this.streams.size === 0) this.hold();
    stream.handler.closed(error);
    if (this.waiting.length > 0 && this.streams.size < this.streamsMax) this.waiting.shift()!();
  }

  private fail(error: Error): void {
    if (this.closedBy) return;
    this.closedBy = error;
    this.incoming.stop();
    this.socket.destroy();
    this.ended(error);
    const begins = this.waiting.splice(0);
    for (const begin of begins) begin();
    const streams = [...this.streams.values()];
    this.streams.clear();
    for (const { handler } of streams) handler.closed(error);
  }
}

/** `take` must not keep the bytes that it gets. */
function connected(url: URL, tls: TlsFiles, take: (chunk: Buffer) => void): Socket {
  if (url.protocol === "https:") return openSocket(url, tls).on("data", take);
  // One buffer for all reads: Node would make one of 64 KB for each, and the collector would run every few hundred.
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const callback = (size: number) => {
    take(buffer.subarray(0, size));
    return true;
  };
  return openSocket(url, {}, { onread: { buffer, callback } });
}
