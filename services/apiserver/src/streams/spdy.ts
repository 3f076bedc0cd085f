import type { Duplex } from "node:stream";
import { HeaderDecoder, HeaderEncoder } from "./spdy-headers.ts";

/**
 * SPDY/3.1 framing, server side, as kubectl and client-go use it: streams the client
 * opens, data both ways, pings. No flow control: neither side ever sends a window
 * update; instead the whole connection stops reading when a stream's consumer is slow.
 */
const TYPE = { synStream: 1, synReply: 2, rstStream: 3, settings: 4, ping: 6, goAway: 7 } as const;
const VERSION = 0x8003;
const FIN = 0x01;
const HEADER_BYTES = 8;
const FRAME_BYTES_MAX = 16 * 1024 * 1024;
const STREAMS_MAX = 1_000;
/** Data frames carry a 24-bit length; smaller ones let other streams in between. */
const CHUNK_BYTES = 64 * 1024;

export class SpdyStream {
  readonly id: number;
  readonly headers: ReadonlyMap<string, string>;
  private readonly connection: SpdyConnection;
  private buffered: Buffer[] = [];
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
    for (const data of this.buffered) listener(data);
    this.buffered = [];
  }

  onEnd(listener: () => void): void {
    this.endListener = listener;
    if (this.endBuffered) listener();
  }

  /** For the connection. */
  receive(data: Buffer): void {
    if (this.dataListener) this.dataListener(data);
    else this.buffered.push(data);
  }

  /** For the connection. */
  receiveEnd(): void {
    if (this.endListener && !this.endBuffered) this.endListener();
    this.endBuffered = true;
  }
}

export class SpdyConnection {
  private readonly socket: Duplex;
  private readonly decoder = new HeaderDecoder();
  private readonly encoder = new HeaderEncoder();
  private readonly streams = new Map<number, SpdyStream>();
  private received: Buffer = Buffer.alloc(0);
  private work: Promise<void> = Promise.resolve();
  private readonly onStream: (stream: SpdyStream) => void;

  constructor(socket: Duplex, head: Buffer, onStream: (stream: SpdyStream) => void) {
    this.socket = socket;
    this.onStream = onStream;
    socket.on("data", (chunk: Buffer) => this.chunk(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
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

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
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
    this.socket.write(Buffer.concat([header, payload]));
  }

  /** Frames are cut out at once and handled in order: decompression is asynchronous. */
  private chunk(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    while (this.received.length >= HEADER_BYTES) {
      const length = this.received.readUInt32BE(4) & 0xffffff;
      if (length > FRAME_BYTES_MAX) return void this.socket.destroy();
      if (this.received.length < HEADER_BYTES + length) return;
      const header = this.received.subarray(0, HEADER_BYTES);
      const payload = this.received.subarray(HEADER_BYTES, HEADER_BYTES + length);
      this.received = this.received.subarray(HEADER_BYTES + length);
      this.work = this.work.then(() => this.frame(header, payload)).catch(() => void this.socket.destroy());
    }
  }

  private async frame(header: Buffer, payload: Buffer): Promise<void> {
    const flags = header[4]!;
    if ((header[0]! & 0x80) === 0) return this.dataFrame(header.readUInt32BE(0), flags, payload);
    const type = header.readUInt16BE(2);
    if (type === TYPE.synStream) return this.synStream(flags, payload);
    // The client counts its pings in odd numbers; even ones would be answers to ours.
    if (type === TYPE.ping && payload.readUInt32BE(0) % 2 === 1) this.control(TYPE.ping, 0, payload);
    if (type === TYPE.rstStream) this.streams.get(payload.readUInt32BE(0))?.receiveEnd();
    if (type === TYPE.rstStream) this.streams.delete(payload.readUInt32BE(0));
    if (type === TYPE.goAway) this.socket.end();
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
  }
}

function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}
