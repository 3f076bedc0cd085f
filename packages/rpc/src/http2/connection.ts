import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { TlsFiles } from "../channel.ts";
import {
  CANCEL,
  FLAG,
  FRAME,
  FRAME_BYTES_DEFAULT,
  type Frame,
  FrameReader,
  frame,
  frameHeader,
  numberFrame,
  PREFACE,
  SETTING,
  settingsFrame,
  WINDOW_BYTES_DEFAULT,
} from "./frames.ts";
import { HeaderDecoder, type Headers } from "./hpack.ts";

/** What the peer may send before we have read it, of one stream and of all together. */
const WINDOW_BYTES = 8 * 1024 * 1024;
/** What we take in one frame. */
const FRAME_BYTES_MAX = 1024 * 1024;
const HEADER_BLOCK_BYTES_MAX = 256 * 1024;
const READ_BYTES = 256 * 1024;
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

interface Stream {
  id: number;
  handler: StreamHandler;
  /** What we may still send. */
  window: number;
  /** Received since we last gave room back. */
  received: number;
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
 */
export class Http2Connection {
  private readonly socket: Socket;
  private readonly frames = new FrameReader(FRAME_BYTES_MAX);
  private readonly decoder = new HeaderDecoder();
  private readonly streams = new Map<number, Stream>();
  private readonly ended: (error: Error) => void;
  private nextId = 1;
  private window = WINDOW_BYTES_DEFAULT;
  private streamWindow = WINDOW_BYTES_DEFAULT;
  private frameBytesMax = FRAME_BYTES_DEFAULT;
  private streamsMax = Number.POSITIVE_INFINITY;
  private received = 0;
  private out: Buffer[] = [];
  private flushing = false;
  private closedBy: Error | undefined;
  /** A header block that comes in parts. */
  private block: { stream: number; flags: number; parts: Buffer[]; size: number } | undefined;
  /** Streams that wait until the peer allows another one. */
  private readonly waiting: (() => void)[] = [];

  /** `ended` is called once, when no further stream can be opened here. */
  constructor(url: string, tls: TlsFiles, ended: (error: Error) => void) {
    this.ended = ended;
    this.socket = open(new URL(url), tls, (chunk) => this.take(chunk));
    this.socket.setNoDelay(true);
    this.socket.on("error", (error) => this.fail(error));
    this.socket.on("close", () => this.fail(new Error("the connection was lost")));
    const settings = settingsFrame([
      [SETTING.headerTableSize, 0],
      [SETTING.enablePush, 0],
      [SETTING.initialWindowSize, WINDOW_BYTES],
      [SETTING.maxFrameSize, FRAME_BYTES_MAX],
    ]);
    this.send(PREFACE, settings, numberFrame(FRAME.windowUpdate, 0, WINDOW_BYTES));
  }

  get usable(): boolean {
    return this.closedBy === undefined && this.nextId < STREAM_ID_MAX;
  }

  /** `headers` as encodeHeaders made them. */
  request(headers: Buffer, handler: StreamHandler): OpenStream {
    const stream: Stream = { id: 0, handler, window: 0, received: 0, unsent: [] };
    const begin = () => {
      stream.id = this.nextId;
      this.nextId += 2;
      stream.window = this.streamWindow;
      this.streams.set(stream.id, stream);
      this.send(frame(FRAME.headers, FLAG.endHeaders, stream.id, headers));
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
    if (index >= 0) this.waiting.splice(index, 1);
    if (this.streams.get(stream.id) !== stream) return;
    this.send(numberFrame(FRAME.rstStream, stream.id, CANCEL));
    this.finish(stream);
  }

  /** Sends what the windows allow. */
  private pump(stream: Stream): void {
    for (let next = stream.unsent[0]; next; next = stream.unsent[0]) {
      const room = Math.min(next.bytes.length, stream.window, this.window, this.frameBytesMax);
      if (room === 0 && next.bytes.length > 0) return;
      const whole = room === next.bytes.length;
      this.send(
        frameHeader(FRAME.data, whole && next.end ? FLAG.endStream : 0, stream.id, room),
        whole ? next.bytes : next.bytes.subarray(0, room),
      );
      stream.window -= room;
      this.window -= room;
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
      for (const next of this.frames.read(chunk)) this.frame(next);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  private frame(next: Frame): void {
    switch (next.type) {
      case FRAME.data:
        return this.data(next);
      case FRAME.headers:
      case FRAME.continuation:
        return this.headers(next);
      case FRAME.rstStream:
        return this.reset(next);
      case FRAME.settings:
        return this.settings(next);
      case FRAME.ping:
        if (!(next.flags & FLAG.ack)) this.send(frame(FRAME.ping, FLAG.ack, 0, next.payload));
        return;
      case FRAME.windowUpdate:
        return this.windowUpdate(next);
      case FRAME.goaway:
        throw new Error("the peer asked to go away");
      case FRAME.pushPromise:
        throw new Error("HTTP/2: a push that was not allowed");
    }
  }

  private data({ flags, stream: id, payload }: Frame): void {
    this.received += payload.length;
    if (this.received > WINDOW_BYTES / 2) {
      this.send(numberFrame(FRAME.windowUpdate, 0, this.received));
      this.received = 0;
    }
    const stream = this.streams.get(id);
    if (!stream) return;
    stream.received += payload.length;
    if (stream.received > WINDOW_BYTES / 2) {
      this.send(numberFrame(FRAME.windowUpdate, id, stream.received));
      stream.received = 0;
    }
    stream.handler.data(unpadded(payload, flags));
    if (flags & FLAG.endStream) this.finish(stream);
  }

  private headers({ type, flags, stream: id, payload }: Frame): void {
    const first = type === FRAME.headers;
    if (first !== (this.block === undefined)) throw new Error("HTTP/2: header blocks are mixed up");
    const { block = { stream: id, flags, parts: [], size: 0 } } = this;
    const part = first ? unprioritized(unpadded(payload, flags), flags) : payload;
    block.parts.push(flags & FLAG.endHeaders ? part : Buffer.from(part));
    block.size += part.length;
    if (block.stream !== id || block.size > HEADER_BLOCK_BYTES_MAX) throw new Error("HTTP/2: malformed header block");
    this.block = flags & FLAG.endHeaders ? undefined : block;
    if (this.block) return;
    const headers = this.decoder.decode(block.parts.length === 1 ? part : Buffer.concat(block.parts));
    const stream = this.streams.get(id);
    if (!stream) return;
    stream.handler.headers(headers);
    if (block.flags & FLAG.endStream) this.finish(stream);
  }

  private reset({ stream: id, payload }: Frame): void {
    const stream = this.streams.get(id);
    // NO_ERROR after a whole answer only says that the rest of the request is not wanted.
    if (stream) this.finish(stream, new Error(`the peer reset the stream with code ${payload.readUInt32BE(0)}`));
  }

  private settings({ flags, payload }: Frame): void {
    if (flags & FLAG.ack) return;
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2);
      switch (payload.readUInt16BE(at)) {
        case SETTING.maxConcurrentStreams:
          this.streamsMax = Math.max(1, value);
          break;
        case SETTING.initialWindowSize:
          for (const stream of this.streams.values()) stream.window += value - this.streamWindow;
          this.streamWindow = value;
          break;
        case SETTING.maxFrameSize:
          this.frameBytesMax = value;
      }
    }
    this.send(frame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)));
    for (const stream of this.streams.values()) this.pump(stream);
  }

  private windowUpdate({ stream: id, payload }: Frame): void {
    const more = payload.readUInt32BE(0) & 0x7fffffff;
    const stream = this.streams.get(id);
    if (stream) {
      stream.window += more;
      this.pump(stream);
    } else if (id === 0) {
      this.window += more;
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
function open({ protocol, hostname, port }: URL, tls: TlsFiles, take: (chunk: Buffer) => void): Socket {
  const host = hostname.replace(/^\[|\]$/g, "");
  const address = { host, port: Number(port || (protocol === "https:" ? 443 : 80)) };
  if (protocol !== "https:") {
    // One buffer for all reads: Node would make one of 64 KB for each, and the collector would run every few hundred.
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const callback = (size: number) => {
      take(buffer.subarray(0, size));
      return true;
    };
    return connectTcp({ ...address, onread: { buffer, callback } });
  }
  const socket = connectTls({
    ...address,
    ALPNProtocols: ["h2"],
    // RFC 6066 knows names only; the certificate is still checked against the address.
    servername: isIP(host) ? "" : host,
    ...(tls.ca ? { ca: tls.ca } : {}),
    ...(tls.cert ? { cert: tls.cert } : {}),
    ...(tls.key ? { key: tls.key } : {}),
  });
  socket.on("data", take);
  return socket;
}

function unpadded(payload: Buffer, flags: number): Buffer {
  return flags & FLAG.padded ? payload.subarray(1, payload.length - payload[0]!) : payload;
}

function unprioritized(payload: Buffer, flags: number): Buffer {
  return flags & FLAG.priority ? payload.subarray(5) : payload;
}
