import { ERROR, FLAG, FRAME, frameOf, HEAD_BYTES, writeHead } from "@flotilla/rpc/http2/frames.ts";
import type { Headers } from "@flotilla/rpc/http2/hpack-decoder.ts";
import type { Receiver } from "@flotilla/rpc/http2/payloads.ts";
import type { CallStatus, CallStream } from "../call-stream.ts";
import type { Connection } from "./connection.ts";

/** An answer up to this size is copied into one piece with its headers and trailers. */
const WHOLE_BYTES_MAX = 4096;

const ignore = () => {};

/**
 * One call's stream, as its server sees it (RFC 9113, §5). Owns what was
 * written but has no room in the windows yet. Invariants:
 *  1. headers, then data, then trailers, each at most once
 *  2. data frames fit both windows; headers and trailers need none (§5.2.1)
 *  3. `onClose` runs once, and nothing else after it
 */
export class Stream implements CallStream, Receiver {
  readonly id: number;
  readonly headers: Headers;
  readonly connection: Connection;
  onData: (chunk: Buffer) => void = ignore;
  onEnd: () => void = ignore;
  onClose: () => void = ignore;
  onDrain: () => void = ignore;
  /** What the receiver still takes on this stream. */
  window_bytes: number;
  uncredited_bytes = 0;
  /** The client has sent everything. */
  remoteEnded = false;
  /** `end` or `refuse` was called. */
  ended = false;
  closed = false;
  opened = false;
  private queue: Buffer[] = [];
  private status: CallStatus | undefined;

  constructor(id: number, headers: Headers, connection: Connection, window_bytes: number) {
    this.id = id;
    this.headers = headers;
    this.connection = connection;
    this.window_bytes = window_bytes;
  }

  get session(): Connection {
    return this.connection;
  }

  get full(): boolean {
    return this.queue.length > 0 || this.connection.full;
  }

  get waiting(): boolean {
    return this.queue.length > 0;
  }

  open(): void {
    if (this.closed || this.opened) return;
    this.opened = true;
    const { connection, id } = this;
    connection.push(frameOf(FRAME.headers, FLAG.endHeaders, id, connection.responses.opening()));
  }

  write(data: Buffer): void {
    if (this.closed || this.ended) return;
    this.open();
    this.queue.push(data);
    this.pump();
    if (this.full) this.connection.starved.add(this);
  }

  end(status?: CallStatus): void {
    if (this.closed || this.ended) return;
    this.open();
    this.ended = true;
    this.status = status;
    this.pump();
  }

  /** A whole answer at once, in one piece if it is small: most answers are. */
  answer(data: Buffer): void {
    const { connection, id } = this;
    const { length } = data;
    if (this.opened || length > WHOLE_BYTES_MAX || length > Math.min(this.window_bytes, connection.window_bytes)) {
      this.write(data);
      return this.end();
    }
    if (this.closed || this.ended) return;
    this.opened = true;
    this.ended = true;
    const head = connection.responses.opening();
    const tail = connection.responses.ok();
    const out = Buffer.allocUnsafe(3 * HEAD_BYTES + head.length + length + tail.length);
    let at = writeHead(out, 0, head.length, FRAME.headers, FLAG.endHeaders, id);
    out.set(head, at);
    at = writeHead(out, at + head.length, length, FRAME.data, 0, id);
    out.set(data, at);
    at = writeHead(out, at + length, tail.length, FRAME.headers, FLAG.endHeaders | FLAG.endStream, id);
    out.set(tail, at);
    this.window_bytes -= length;
    connection.window_bytes -= length;
    connection.push(out);
    this.finish();
  }

  refuse({ code, message }: CallStatus): void {
    if (this.closed || this.opened) return;
    this.opened = true;
    this.ended = true;
    const { connection, id } = this;
    connection.push(frameOf(FRAME.headers, FLAG.endHeaders | FLAG.endStream, id, connection.responses.refusal(code, message)));
    this.finish();
  }

  /** Sends what the windows allow. */
  pump(): void {
    const { connection, queue } = this;
    while (queue.length > 0) {
      const first = queue[0]!;
      const room = Math.min(this.window_bytes, connection.window_bytes, connection.frame_bytes_max);
      if (first.length > 0 && room <= 0) return connection.blocked(this);
      const length = Math.min(first.length, room);
      connection.push(frameOf(FRAME.data, 0, this.id, length === first.length ? first : first.subarray(0, length)));
      this.window_bytes -= length;
      connection.window_bytes -= length;
      if (length === first.length) queue.shift();
      else queue[0] = first.subarray(length);
    }
    if (!this.ended) return;
    const { status } = this;
    const trailers = status ? connection.responses.failed(status.code, status.message) : connection.responses.ok();
    connection.push(frameOf(FRAME.headers, FLAG.endHeaders | FLAG.endStream, this.id, trailers));
    this.finish();
  }

  /** Both sides are done, or one has given up. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.queue = [];
    this.connection.forget(this);
    this.onClose();
  }

  /** Our side is done. A client that is still sending is asked to stop (§8.1). */
  private finish(): void {
    if (!this.remoteEnded) this.connection.reset(this.id, ERROR.none);
    this.close();
  }
}
