import type { Socket } from "node:net";
import { ConnectionError, ERROR, FLAG, FRAME, numberFrame } from "@flotilla/rpc/http2/frames.ts";
import type { Headers } from "@flotilla/rpc/http2/hpack-decoder.ts";
import { Incoming } from "@flotilla/rpc/http2/incoming.ts";
import { RECEIVE_WINDOW_BYTES, UNSENT_BYTES_MAX } from "@flotilla/rpc/http2/limits.ts";
import { creditDue, type Receiver } from "@flotilla/rpc/http2/payloads.ts";
import {
  DEFAULT_FRAME_BYTES_MAX,
  DEFAULT_TABLE_BYTES_MAX,
  DEFAULT_WINDOW_BYTES,
  SETTING,
  settingsFrame,
  WINDOW_BYTES_MAX,
} from "@flotilla/rpc/http2/settings.ts";
import { Preface } from "./preface.ts";
import { readInto } from "./read-into.ts";
import { ResponseHeaders } from "./response-headers.ts";
import { Stream } from "./stream.ts";

/** Frames and the client's header table are the protocol's defaults, which we do not change. */
const INCOMING_LIMITS = {
  frame_bytes_max: DEFAULT_FRAME_BYTES_MAX,
  table_bytes_max: DEFAULT_TABLE_BYTES_MAX,
  block_bytes_max: 64 << 10,
  headers_bytes_max: 64 << 10,
};
/** More than this unsent: streams are asked to wait. */
const UNSENT_BYTES_HIGH = 64 << 10;
const COPY_BYTES_MAX = 32 << 10;

/**
 * The server's end of one HTTP/2 connection (RFC 9113), as gRPC uses it: no
 * push, no priorities. A small call costs half of what it does on Node's own:
 * here it is one read, one object and one write.
 *
 * Owns the socket, the windows and the streams; a stream owns its answer. All
 * that is pushed within a turn leaves in one write. Invariants:
 *  1. stream ids only grow; frames for ids that are gone are ignored (§5.1.1)
 *  2. once over, nothing is read or written any more
 */
export class Connection {
  readonly socket: Socket;
  readonly responses = new ResponseHeaders();
  readonly starved = new Set<Stream>();
  window_bytes = DEFAULT_WINDOW_BYTES;
  frame_bytes_max = DEFAULT_FRAME_BYTES_MAX;
  private readonly onStream: (stream: Stream) => void;
  private readonly preface = new Preface();
  private readonly incoming = new Incoming(INCOMING_LIMITS, {
    data: (id, flags, body, size) => this.data(id, flags, body, size),
    headers: (id, flags, headers) => this.headers(id, flags, headers),
    reset: (id) => this.streams.get(id)?.close(),
    settings: (settings) => {
      for (const [setting, value] of settings) this.setting(setting, value);
    },
    windowUpdate: (id, more) => this.windowUpdate(id, more),
    goaway: () => {}, // what it has begun is still answered
    confirm: (ack) => this.confirm(ack),
  });
  private readonly received: Receiver = { uncredited_bytes: 0 };
  private readonly streams = new Map<number, Stream>();
  private readonly waiting = new Set<Stream>();
  private streamWindow_bytes = DEFAULT_WINDOW_BYTES;
  private lastStream = 0;
  private out: Buffer[] = [];
  private out_bytes = 0;
  private scheduled = false;
  private choked = false;
  private over = false;

  constructor(socket: Socket, onStream: (stream: Stream) => void) {
    this.socket = socket;
    this.onStream = onStream;
    readInto(socket, (bytes) => this.receive(bytes));
    socket.on("drain", () => this.drained());
    socket.on("end", () => this.finish());
    socket.on("close", () => this.finish());
    this.push(settingsFrame([[SETTING.initialWindowSize, RECEIVE_WINDOW_BYTES]]));
    this.push(numberFrame(FRAME.windowUpdate, 0, RECEIVE_WINDOW_BYTES - DEFAULT_WINDOW_BYTES));
  }

  get destroyed(): boolean {
    return this.over;
  }

  /** Is so much unsent that nobody should add to it? */
  get full(): boolean {
    return this.choked || this.out_bytes > UNSENT_BYTES_HIGH;
  }

  /** Says goodbye and closes; calls that run are cut off. */
  close(code: number = ERROR.none): void {
    if (this.over) return;
    this.push(numberFrame(FRAME.goaway, 0, this.lastStream, code));
    this.flush();
    this.finish();
  }

  receive(chunk: Buffer): void {
    if (this.over) return;
    try {
      this.incoming.read(this.preface.complete ? chunk : this.preface.strip(chunk));
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.close(error.code);
    }
  }

  /** Queues bytes; everything of one turn is written together. */
  push(bytes: Buffer): void {
    if (this.over) return;
    this.out.push(bytes);
    this.out_bytes += bytes.length;
    if (this.scheduled) return;
    this.scheduled = true;
    process.nextTick(flush, this);
  }

  flush(): void {
    this.scheduled = false;
    const { out, out_bytes } = this;
    if (out.length === 0 || this.over) return;
    this.out = [];
    this.out_bytes = 0;
    let taken = true;
    if (out.length === 1) taken = this.socket.write(out[0]!);
    else if (out_bytes <= COPY_BYTES_MAX) taken = this.socket.write(Buffer.concat(out, out_bytes));
    else {
      this.socket.cork();
      for (const bytes of out) taken = this.socket.write(bytes);
      this.socket.uncork();
    }
    this.choked = !taken;
    if (taken) this.release();
  }

  /** The stream waits for room in a window. */
  blocked(stream: Stream): void {
    this.waiting.add(stream);
  }

  reset(id: number, code: number): void {
    this.push(numberFrame(FRAME.reset, id, code));
  }

  forget(stream: Stream): void {
    this.streams.delete(stream.id);
    this.waiting.delete(stream);
    this.starved.delete(stream);
  }

  private drained(): void {
    this.choked = false;
    this.release();
  }

  /** Tells those who had to wait that there is room. */
  private release(): void {
    if (this.starved.size === 0) return;
    for (const stream of [...this.starved]) {
      if (this.full) return;
      if (stream.waiting) continue;
      this.starved.delete(stream);
      stream.onDrain();
    }
  }

  private finish(): void {
    if (this.over) return;
    this.over = true;
    this.incoming.stop();
    this.socket.destroySoon();
    for (const stream of [...this.streams.values()]) stream.close();
  }

  private data(id: number, flags: number, body: Buffer, size: number): void {
    if (id > this.lastStream) throw new ConnectionError(ERROR.protocol, "DATA on no stream");
    const stream = this.streams.get(id);
    this.credit(0, this.received, size);
    if (!stream || stream.remoteEnded) return;
    if (!(flags & FLAG.endStream)) this.credit(id, stream, size);
    // Known before the data is handled: an answer may follow at once, and then ends the stream.
    stream.remoteEnded = (flags & FLAG.endStream) !== 0;
    if (body.length > 0) stream.onData(body);
    if (stream.remoteEnded && !stream.closed) stream.onEnd();
  }

  private credit(id: number, receiver: Receiver, bytes: number): void {
    const due = creditDue(receiver, bytes, RECEIVE_WINDOW_BYTES);
    if (due > 0) this.push(numberFrame(FRAME.windowUpdate, id, due));
  }

  private headers(id: number, flags: number, headers: Headers): void {
    if (id <= this.lastStream) {
      // Trailers of the request: gRPC has none that matter.
      const stream = this.streams.get(id);
      if (stream && flags & FLAG.endStream) this.remoteEnd(stream);
      return;
    }
    this.lastStream = id;
    const stream = new Stream(id, headers, this, this.streamWindow_bytes);
    stream.remoteEnded = (flags & FLAG.endStream) !== 0;
    this.streams.set(id, stream);
    this.onStream(stream);
    if (stream.remoteEnded && !stream.closed) stream.onEnd();
  }

  private remoteEnd(stream: Stream): void {
    if (stream.remoteEnded || stream.closed) return;
    stream.remoteEnded = true;
    stream.onEnd();
  }

  private confirm(ack: Buffer): void {
    if (this.socket.writableLength + this.out_bytes > UNSENT_BYTES_MAX) throw new ConnectionError(ERROR.calm, "nothing is read");
    this.push(ack);
  }

  private setting(id: number, value: number): void {
    if (id === SETTING.headerTableSize) {
      if (value < DEFAULT_TABLE_BYTES_MAX) this.responses.dropTable();
    } else if (id === SETTING.maxFrameSize) {
      this.frame_bytes_max = Math.min(value, 1 << 20);
    } else if (id === SETTING.initialWindowSize) {
      // Open streams get the difference, which may take them below zero (§6.9.2).
      const more = value - this.streamWindow_bytes;
      this.streamWindow_bytes = value;
      for (const stream of [...this.streams.values()]) {
        stream.window_bytes += more;
        this.resume(stream);
      }
    }
  }

  private windowUpdate(id: number, more: number): void {
    if (id !== 0) {
      const stream = this.streams.get(id);
      if (!stream) return;
      stream.window_bytes += more;
      if (more === 0 || stream.window_bytes > WINDOW_BYTES_MAX) {
        this.reset(id, more === 0 ? ERROR.protocol : ERROR.flowControl);
        return stream.close();
      }
      return this.resume(stream);
    }
    this.window_bytes += more;
    if (more === 0 || this.window_bytes > WINDOW_BYTES_MAX) throw new ConnectionError(ERROR.flowControl, "WINDOW_UPDATE");
    for (const stream of [...this.waiting]) {
      if (this.window_bytes <= 0) return;
      this.resume(stream);
    }
  }

  private resume(stream: Stream): void {
    if (!this.waiting.delete(stream)) return;
    stream.pump();
    if (!stream.closed && !stream.full && this.starved.delete(stream)) stream.onDrain();
  }
}

const flush = (connection: Connection) => connection.flush();
