import { FrameReader } from "./frame-reader.ts";
import { ackOf, ConnectionError, ERROR, FLAG, FRAME } from "./frames.ts";
import { HeaderBlocks } from "./header-blocks.ts";
import { type DecoderLimits, type Headers, HpackDecoder } from "./hpack-decoder.ts";
import { checkPing, readIncrement, readReset, unpadded } from "./payloads.ts";
import { readSettings, type Setting } from "./settings.ts";

export interface IncomingLimits extends DecoderLimits {
  /** Of one frame's payload. */
  readonly frame_bytes_max: number;
  /** Of one header block, as it is sent. */
  readonly block_bytes_max: number;
}

/** What one end does with what the other says. It may throw ConnectionErrors too. */
export interface IncomingHandler {
  /** `size` is what the frame takes of the windows, `body` what it brings: only there during the call. */
  data(stream: number, flags: number, body: Buffer, size: number): void;
  /** `flags` are those of the HEADERS frame; the headers are shared with later calls. */
  headers(stream: number, flags: number, headers: Headers): void;
  reset(stream: number, code: number): void;
  settings(settings: readonly Setting[]): void;
  /** Stream 0 is the connection. */
  windowUpdate(stream: number, more_bytes: number): void;
  goaway(): void;
  /** Sends an acknowledgement, which costs the peer nothing: not without end if it reads none of them. */
  confirm(ack: Buffer): void;
}

/**
 * The hearing half of either end of an HTTP/2 connection (RFC 9113): cuts bytes into frames, refuses what the
 * protocol forbids both ends, and hands on the rest. Owns the header table, and a header block that comes in parts.
 */
export class Incoming {
  private readonly handler: IncomingHandler;
  private readonly reader: FrameReader;
  private readonly blocks: HeaderBlocks;
  private readonly decoder: HpackDecoder;
  private stopped = false;

  constructor(limits: IncomingLimits, handler: IncomingHandler) {
    this.handler = handler;
    this.reader = new FrameReader(limits.frame_bytes_max, (type, flags, stream, payload) => this.frame(type, flags, stream, payload));
    this.blocks = new HeaderBlocks(limits.block_bytes_max, (stream, flags, block) => this.headers(stream, flags, block));
    this.decoder = new HpackDecoder(limits);
  }

  /** The chunk is not kept. @throws ConnectionError, and whatever the handler throws: nothing more may be read then. */
  read(chunk: Buffer): void {
    this.reader.read(chunk);
  }

  /** The connection is over: nothing more is handed on, not even of what is being read. */
  stop(): void {
    this.stopped = true;
  }

  private frame(type: number, flags: number, stream: number, payload: Buffer): void {
    if (this.stopped) return;
    this.blocks.check(type, stream);
    switch (type) {
      case FRAME.data:
        return this.handler.data(ofClient(stream), flags, unpadded(flags, payload), payload.length);
      case FRAME.headers:
        return this.blocks.begin(flags, ofClient(stream), payload);
      case FRAME.continuation:
        return this.blocks.continue(flags, payload);
      case FRAME.reset:
        return this.handler.reset(stream, readReset(stream, payload));
      case FRAME.settings:
        return this.settings(flags, readSettings(stream, payload));
      case FRAME.ping:
        checkPing(stream, payload);
        if (!(flags & FLAG.ack)) this.handler.confirm(ackOf(FRAME.ping, payload));
        return;
      case FRAME.windowUpdate:
        return this.handler.windowUpdate(stream, readIncrement(payload));
      case FRAME.goaway:
        return this.handler.goaway();
      case FRAME.pushPromise:
        throw new ConnectionError(ERROR.protocol, "a push that was not allowed");
      default: // PRIORITY, and what is to come: nothing to do (§4.1)
    }
  }

  private headers(stream: number, flags: number, block: Buffer): void {
    // Also of a stream that is gone: the table changes with every block.
    this.handler.headers(stream, flags, this.decoder.decode(block));
  }

  private settings(flags: number, settings: readonly Setting[]): void {
    if (flags & FLAG.ack) return;
    this.handler.settings(settings);
    this.handler.confirm(ackOf(FRAME.settings));
  }
}

/** Without pushes all streams are the client's, and odd (§5.1.1). */
function ofClient(stream: number): number {
  if (stream % 2 === 0) throw new ConnectionError(ERROR.protocol, "a stream that no client opens");
  return stream;
}
