import type { Socket } from "node:net";
import {
  ConnectionError,
  DEFAULT_FRAME_BYTES_MAX,
  DEFAULT_WINDOW_BYTES,
  ERROR,
  FLAG,
  FRAME,
  frameOf,
  SETTING,
  settingsFrame,
  WINDOW_BYTES_MAX,
  word,
} from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";
import { HpackDecoder, HpackError, ResponseHeaders } from "./hpack.ts";
import { readInto } from "./read-into.ts";
import { Stream } from "./stream.ts";

/** What we let the other side send before we answer. */
const RECEIVE_WINDOW_BYTES = 8 << 20;
const HEADER_BLOCK_BYTES_MAX = 64 << 10;
/** More than this unsent: streams are asked to wait, and whoever keeps pinging without reading is cut off. */
const UNSENT_BYTES_HIGH = 64 << 10;
const UNSENT_BYTES_MAX = 64 << 20;
const COPY_BYTES_MAX = 32 << 10;

/**
 * The server's end of one HTTP/2 connection (RFC 9113), as gRPC uses it: no
 * push, no priorities. A small call costs half of what it does on Node's own:
 * here it is one read, one object and one write.
 *
 * Owns the socket, the windows and the streams; a stream owns its answer. All
 * that is pushed within a turn leaves in one write. Invariants:
 *  1. stream ids only grow; frames for ids that are gone are ignored (§5.1.1)
 *  2. between HEADERS and its END_HEADERS there are only CONTINUATIONs (§6.10)
 *  3. once over, nothing is read or written any more
 */
export class Connection {
  readonly socket: Socket;
  readonly responses = new ResponseHeaders();
  readonly starved = new Set<Stream>();
  window_bytes = DEFAULT_WINDOW_BYTES;
  frame_bytes_max = DEFAULT_FRAME_BYTES_MAX;
  private readonly onStream: (stream: Stream) => void;
  private readonly decoder = new HpackDecoder();
  private readonly streams = new Map<number, Stream>();
  private readonly waiting = new Set<Stream>();
  private streamWindow_bytes = DEFAULT_WINDOW_BYTES;
  private uncredited_bytes = 0;
  private lastStream = 0;
  private readonly reader = new FrameReader((type, flags, id, payload) => this.frame(type, flags, id, payload));
  private headers: { id: number; flags: number; parts: Buffer[]; bytes: number } | undefined;
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
    this.push(frameOf(FRAME.windowUpdate, 0, 0, word(RECEIVE_WINDOW_BYTES - DEFAULT_WINDOW_BYTES)));
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
    this.push(frameOf(FRAME.goaway, 0, 0, Buffer.concat([word(this.lastStream), word(code)])));
    this.flush();
    this.finish();
  }

  receive(chunk: Buffer): void {
    if (this.over) return;
    try {
      this.reader.read(chunk);
    } catch (error) {
      if (error instanceof ConnectionError) this.close(error.code);
      else if (error instanceof HpackError) this.close(ERROR.compression);
      else throw error;
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
    this.push(frameOf(FRAME.reset, 0, id, word(code)));
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
    this.socket.destroySoon();
    for (const stream of [...this.streams.values()]) stream.close();
  }

  private frame(type: number, flags: number, id: number, payload: Buffer): void {
    if (this.over) return;
    if (this.headers && (type !== FRAME.continuation || id !== this.headers.id)) {
      throw new ConnectionError(ERROR.protocol, "a header block was interrupted");
    }
    switch (type) {
      case FRAME.data:
        return this.data(flags, id, payload);
      case FRAME.headers:
        return this.startHeaders(flags, id, unpad(flags, payload, flags & FLAG.priority ? 5 : 0));
      case FRAME.continuation:
        return this.moreHeaders(flags, payload);
      case FRAME.reset:
        if (id === 0 || payload.length !== 4) throw new ConnectionError(ERROR.frameSize, "RST_STREAM");
        this.streams.get(id)?.close();
        return;
      case FRAME.settings:
        return this.settings(flags, id, payload);
      case FRAME.ping:
        if (id !== 0 || payload.length !== 8) throw new ConnectionError(ERROR.frameSize, "PING");
        if (!(flags & FLAG.ack)) this.confirm(frameOf(FRAME.ping, FLAG.ack, 0, payload));
        return;
      case FRAME.windowUpdate:
        return this.windowUpdate(id, payload);
      case FRAME.pushPromise:
        throw new ConnectionError(ERROR.protocol, "a client does not push");
      default: // PRIORITY, GOAWAY, and what is to come: nothing to do (§4.1)
    }
  }

  private data(flags: number, id: number, payload: Buffer): void {
    if (id === 0 || id > this.lastStream) throw new ConnectionError(ERROR.protocol, "DATA on no stream");
    const stream = this.streams.get(id);
    this.credit(payload.length, stream);
    if (!stream || stream.remoteEnded) return;
    const body = unpad(flags, payload, 0);
    // Known before the data is handled: an answer may follow at once, and then ends the stream.
    stream.remoteEnded = (flags & FLAG.endStream) !== 0;
    if (body.length > 0) stream.onData(body);
    if (stream.remoteEnded && !stream.closed) stream.onEnd();
  }

  /** Gives room back once half of it is used: one frame then, not one for each that came. */
  private credit(bytes: number, stream: Stream | undefined): void {
    this.uncredited_bytes += bytes;
    if (this.uncredited_bytes > RECEIVE_WINDOW_BYTES) throw new ConnectionError(ERROR.flowControl, "more than the window");
    if (this.uncredited_bytes >= RECEIVE_WINDOW_BYTES / 2) {
      this.push(frameOf(FRAME.windowUpdate, 0, 0, word(this.uncredited_bytes)));
      this.uncredited_bytes = 0;
    }
    if (!stream) return;
    stream.uncredited_bytes += bytes;
    if (stream.uncredited_bytes < RECEIVE_WINDOW_BYTES / 2 || stream.remoteEnded) return;
    this.push(frameOf(FRAME.windowUpdate, 0, stream.id, word(stream.uncredited_bytes)));
    stream.uncredited_bytes = 0;
  }

  private startHeaders(flags: number, id: number, block: Buffer): void {
    if (id === 0 || id % 2 === 0) throw new ConnectionError(ERROR.protocol, "HEADERS on no client's stream");
    if (flags & FLAG.endHeaders) return this.headersDone(id, flags, block);
    this.headers = { id, flags, parts: [Buffer.from(block)], bytes: block.length };
  }

  private moreHeaders(flags: number, block: Buffer): void {
    const { headers } = this;
    if (!headers) throw new ConnectionError(ERROR.protocol, "CONTINUATION of nothing");
    headers.parts.push(Buffer.from(block));
    headers.bytes += block.length + 1; // empty ones count as well
    if (headers.bytes > HEADER_BLOCK_BYTES_MAX) throw new ConnectionError(ERROR.calm, "header block too large");
    if (!(flags & FLAG.endHeaders)) return;
    this.headers = undefined;
    this.headersDone(headers.id, headers.flags, Buffer.concat(headers.parts));
  }

  private headersDone(id: number, flags: number, block: Buffer): void {
    // Also of a stream that is gone: the table changes with every block.
    const headers = this.decoder.decode(block);
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

  private settings(flags: number, id: number, payload: Buffer): void {
    if (id !== 0 || payload.length % 6 !== 0) throw new ConnectionError(ERROR.frameSize, "SETTINGS");
    if (flags & FLAG.ack) return;
    for (let at = 0; at < payload.length; at += 6) this.setting(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
    this.confirm(frameOf(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)));
  }

  /** Answers a frame that costs the sender nothing: not without end to one that does not read. */
  private confirm(ack: Buffer): void {
    if (this.socket.writableLength + this.out_bytes > UNSENT_BYTES_MAX) throw new ConnectionError(ERROR.calm, "nothing is read");
    this.push(ack);
  }

  private setting(id: number, value: number): void {
    if (id === SETTING.headerTableSize) {
      if (value < 4096) this.responses.dropTable();
    } else if (id === SETTING.maxFrameSize) {
      if (value < DEFAULT_FRAME_BYTES_MAX || value > 0xffffff) throw new ConnectionError(ERROR.protocol, "SETTINGS_MAX_FRAME_SIZE");
      this.frame_bytes_max = Math.min(value, 1 << 20);
    } else if (id === SETTING.initialWindowSize) {
      if (value > WINDOW_BYTES_MAX) throw new ConnectionError(ERROR.flowControl, "SETTINGS_INITIAL_WINDOW_SIZE");
      // Open streams get the difference, which may take them below zero (§6.9.2).
      const more = value - this.streamWindow_bytes;
      this.streamWindow_bytes = value;
      for (const stream of [...this.streams.values()]) {
        stream.window_bytes += more;
        this.resume(stream);
      }
    }
  }

  private windowUpdate(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new ConnectionError(ERROR.frameSize, "WINDOW_UPDATE");
    const more = payload.readUInt32BE(0) & 0x7fffffff;
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

/** §6.1, §6.2: without padding, and without `skip` bytes of priority. */
function unpad(flags: number, payload: Buffer, skip: number): Buffer {
  if (!(flags & FLAG.padded)) {
    if (payload.length < skip) throw new ConnectionError(ERROR.frameSize, "HEADERS");
    return skip === 0 ? payload : payload.subarray(skip);
  }
  const end = payload.length - (payload[0] ?? 0);
  if (payload.length === 0 || 1 + skip > end) throw new ConnectionError(ERROR.protocol, "padding");
  return payload.subarray(1 + skip, end);
}
