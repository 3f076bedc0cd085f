import type { Duplex } from "node:stream";
import { HeaderDecoder, HeaderEncoder } from "./spdy-headers.ts";

/**
 * SPDY/3.1 framing, server side, as kubectl and client-go use it: streams the client
 * opens, data both ways, pings. No flow control: neither side ever sends a window
 * update; instead the whole connection stops being read while somebody cannot take more.
 */
const TYPE = { synStream: 1, synReply: 2, rstStream: 3, settings: 4, ping: 6, goAway: 7 } as const;
const VERSION = 0x8003;
const FIN = 0x01;
const HEADER_BYTES = 8;
/** Everything but data: a few words. Data is passed on as it comes, however long its frame is. */
const CONTROL_BYTES_MAX = 64 * 1024;
const STREAMS_MAX = 1_000;
/** Frames that wait for a header block before them to be unpacked. */
const QUEUED_FRAMES_MAX = 64;
/** What a stream keeps for whoever is going to listen. */
const UNHEARD_BYTES_MAX = 64 * 1024;
/** Data frames carry a 24-bit length; smaller ones let other streams in between. */
const CHUNK_BYTES = 64 * 1024;

export class SpdyStream {
  readonly id: number;
  readonly headers: ReadonlyMap<string, string>;
  private readonly connection: SpdyConnection;
  private unheard: Buffer[] = [];
  private unheard_bytes = 0;
  private endBuffered = false;
  private dataListener: ((data: Buffer) => void) | undefined;
  private endListener: (() => void) | undefined;
  private ended = false;

  constructor(connection: SpdyConnection, id: number, headers: ReadonlyMap<string, string>) {
    this.connection = connection;
    this.id = id;
    this.headers = headers;
  }

  /** False: the transport is full, wait for the connection's drain. */
  write(data: Buffer): boolean {
    if (this.ended) return true;
    let free = true;
    for (let at = 0; at < data.length; at += CHUNK_BYTES) free = this.connection.data(this.id, data.subarray(at, at + CHUNK_BYTES), 0);
    return free;
  }

  /** Our half of the stream is over. */
  end(): void {
    if (!this.ended) this.connection.data(this.id, Buffer.alloc(0), FIN);
    this.ended = true;
  }

  onData(listener: (data: Buffer) => void): void {
    this.dataListener = listener;
    for (const data of this.unheard) listener(data);
    this.unheard = [];
    this.connection.release(this);
  }

  onEnd(listener: () => void): void {
    this.endListener = listener;
    if (this.endBuffered) listener();
  }

  /** For the connection. */
  receive(data: Buffer): void {
    if (this.dataListener) return this.dataListener(data);
    this.unheard.push(data);
    this.unheard_bytes += data.length;
    if (this.unheard_bytes > UNHEARD_BYTES_MAX) this.connection.hold(this);
  }

  /** For the connection. */
  receiveEnd(): void {
    if (this.endListener && !this.endBuffered) this.endListener();
    this.endBuffered = true;
  }
}

/** A data frame whose end has not come yet. */
interface OpenFrame {
  id: number;
  flags: number;
  left_bytes: number;
}

/**
 * Invariants:
 *  1. frames are handled in the order they came in, one after the other: unpacking a header block takes its time
 *  2. nothing is read while anyone holds the connection
 *  3. what is kept is bounded, whatever a client sends, reads or leaves unread
 */
export class SpdyConnection {
  private readonly socket: Duplex;
  private readonly decoder = new HeaderDecoder();
  private readonly encoder = new HeaderEncoder();
  private readonly streams = new Map<number, SpdyStream>();
  private received: Buffer = Buffer.alloc(0);
  private openFrame: OpenFrame | undefined;
  private readonly queue: (() => void | Promise<void>)[] = [];
  private handling = false;
  private readonly holders = new Set<unknown>();
  private readonly onStream: (stream: SpdyStream) => void;

  constructor(socket: Duplex, head: Buffer, onStream: (stream: SpdyStream) => void) {
    this.socket = socket;
    this.onStream = onStream;
    socket.on("data", (chunk: Buffer) => this.chunk(chunk));
    socket.on("drain", () => this.release(socket));
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
      this.queue.length = 0;
      this.decoder.close();
      this.encoder.close();
    });
    if (head.length > 0) this.chunk(head);
  }

  onClose(listener: () => void): void {
    this.socket.on("close", listener);
  }

  onDrain(listener: () => void): void {
    this.socket.on("drain", listener);
  }

  onDrainOnce(listener: () => void): void {
    this.socket.once("drain", listener);
  }

  /** Stops reading until `holder`, and everyone else who holds, releases. */
  hold(holder: unknown): void {
    this.holders.add(holder);
    this.socket.pause();
  }

  release(holder: unknown): void {
    if (this.holders.delete(holder) && this.holders.size === 0) this.socket.resume();
  }

  /** Everything written so far is sent, then the connection is closed. */
  close(): void {
    this.control(TYPE.goAway, 0, uint32(0, 0));
    this.socket.end();
  }

  data(id: number, data: Buffer, flags: number): boolean {
    if (this.socket.destroyed) return true;
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(id, 0);
    header.writeUInt32BE(((flags << 24) | data.length) >>> 0, 4);
    return this.socket.write(Buffer.concat([header, data]));
  }

  private control(type: number, flags: number, payload: Buffer): void {
    if (this.socket.destroyed) return;
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt16BE(VERSION, 0);
    header.writeUInt16BE(type, 2);
    header.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4);
    // Who asks for answers and does not read them is not asked for more.
    if (!this.socket.write(Buffer.concat([header, payload]))) this.hold(this.socket);
  }

  private chunk(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    while (!this.socket.destroyed && (this.openFrame ? this.cutData(this.openFrame) : this.cutFrame()));
  }

  /** False: more has to come first. */
  private cutFrame(): boolean {
    if (this.received.length < HEADER_BYTES) return false;
    const [first, second] = [this.received.readUInt32BE(0), this.received.readUInt32BE(4)];
    const [flags, length] = [second >>> 24, second & 0xffffff];
    if (first >>> 31 === 0) {
      this.openFrame = { id: first, flags, left_bytes: length };
      this.received = this.received.subarray(HEADER_BYTES);
      return true;
    }
    if (length > CONTROL_BYTES_MAX) {
      this.socket.destroy();
      return false;
    }
    if (this.received.length < HEADER_BYTES + length) return false;
    const payload = this.received.subarray(HEADER_BYTES, HEADER_BYTES + length);
    this.received = this.received.subarray(HEADER_BYTES + length);
    this.enqueue(() => this.controlFrame(first & 0xffff, flags, payload));
    return true;
  }

  private cutData(frame: OpenFrame): boolean {
    if (this.received.length === 0 && frame.left_bytes > 0) return false;
    const piece = this.received.subarray(0, frame.left_bytes);
    this.received = this.received.subarray(piece.length);
    frame.left_bytes -= piece.length;
    const isLast = frame.left_bytes === 0;
    if (isLast) this.openFrame = undefined;
    this.enqueue(() => this.dataFrame(frame.id, isLast ? frame.flags : 0, piece));
    return true;
  }

  private enqueue(handle: () => void | Promise<void>): void {
    this.queue.push(handle);
    if (this.queue.length > QUEUED_FRAMES_MAX) this.hold(this.queue);
    if (!this.handling) this.handleQueue().catch(() => void this.socket.destroy());
  }

  private async handleQueue(): Promise<void> {
    this.handling = true;
    for (let handle = this.queue.shift(); handle; handle = this.queue.shift()) {
      const work = handle();
      if (work) await work;
    }
    this.handling = false;
    this.release(this.queue);
  }

  private controlFrame(type: number, flags: number, payload: Buffer): void | Promise<void> {
    if (type === TYPE.synStream) return this.synStream(flags, payload);
    // The client counts its pings in odd numbers; even ones would be answers to ours.
    if (type === TYPE.ping && payload.readUInt32BE(0) % 2 === 1) this.control(TYPE.ping, 0, payload);
    if (type === TYPE.rstStream) this.reset(payload.readUInt32BE(0));
    if (type === TYPE.goAway) this.socket.end();
  }

  private reset(id: number): void {
    const stream = this.streams.get(id);
    if (!stream) return;
    stream.receiveEnd();
    this.forget(stream);
  }

  private async synStream(flags: number, payload: Buffer): Promise<void> {
    const id = payload.readUInt32BE(0) & 0x7fffffff;
    const headers = await this.decoder.decode(payload.subarray(10));
    if (this.streams.size >= STREAMS_MAX || this.streams.has(id)) throw new Error("too many streams");
    const stream = new SpdyStream(this, id, headers);
    this.streams.set(id, stream);
    const block = await this.encoder.encode(new Map());
    this.control(TYPE.synReply, 0, Buffer.concat([uint32(id), block]));
    this.onStream(stream);
    if (flags & FIN) stream.receiveEnd();
  }

  private dataFrame(id: number, flags: number, payload: Buffer): void {
    const stream = this.streams.get(id);
    if (!stream) return;
    if (payload.length > 0) stream.receive(payload);
    if (flags & FIN) stream.receiveEnd();
  }

  /** Both halves are over: nothing more comes on it. */
  forget(stream: SpdyStream): void {
    this.streams.delete(stream.id);
    this.release(stream);
  }
}

function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}
