import { ERROR, FLAG, FRAME, frameOf, headOf, numberFrame } from "../frames.ts";
import { indexed, LITERAL, literal, tableSize } from "../hpack-encoder.ts";
import { SETTING, settingsFrame } from "../settings.ts";
import { FIRST_DYNAMIC } from "../static-table.ts";

/** What neither end of a connection takes from the other, on which stream 1 is open; and what it calls it. */
export interface Forbidden {
  readonly what: string;
  readonly bytes: Buffer;
  /** Of RFC 9113, §7. */
  readonly code: number;
}

const { protocol, flowControl, frameSize, compression, calm } = ERROR;
const PART_BYTES = 16_384;
const times = (count: number, bytes: Buffer) => Buffer.alloc(count * bytes.length, bytes);
const headers = (block: Buffer, flags: number = FLAG.endHeaders) => frameOf(FRAME.headers, flags, 1, block);
const more = (bytes: number) => frameOf(FRAME.continuation, 0, 1, Buffer.alloc(bytes));
const forbidden = (what: string, code: number, ...frames: Buffer[]): Forbidden => ({ what, code, bytes: Buffer.concat(frames) });

export const FORBIDDEN: readonly Forbidden[] = [
  forbidden("a frame of 16 MiB", frameSize, headOf(FRAME.data, 0, 1, 2 ** 24 - 1)),
  forbidden("an unknown frame of 16 MiB", frameSize, headOf(99, 0, 0, 2 ** 24 - 1)),
  forbidden("DATA of the connection", protocol, frameOf(FRAME.data, 0, 0, Buffer.from("x"))),
  forbidden("DATA of a stream that nobody opened", protocol, frameOf(FRAME.data, 0, 99, Buffer.from("x"))),
  forbidden("DATA with more padding than bytes", protocol, frameOf(FRAME.data, FLAG.padded, 1, Buffer.of(3, 0, 0))),
  forbidden("padded DATA without a padding's length", protocol, frameOf(FRAME.data, FLAG.padded, 1, Buffer.alloc(0))),
  forbidden("HEADERS of the connection", protocol, frameOf(FRAME.headers, FLAG.endHeaders, 0, Buffer.of(0x82))),
  forbidden("HEADERS of a stream no client opens", protocol, frameOf(FRAME.headers, FLAG.endHeaders, 2, Buffer.of(0x82))),
  forbidden("HEADERS with more padding than bytes", protocol, headers(Buffer.of(9, 0x82), FLAG.endHeaders | FLAG.padded)),
  forbidden("HEADERS too short for their priority", frameSize, headers(Buffer.alloc(4), FLAG.endHeaders | FLAG.priority)),
  forbidden("CONTINUATION of nothing", protocol, more(1)),
  forbidden("a PING within a header block", protocol, headers(Buffer.of(0x82), 0), frameOf(FRAME.ping, 0, 0, Buffer.alloc(8))),
  forbidden("DATA within a header block", protocol, headers(Buffer.of(0x82), 0), frameOf(FRAME.data, 0, 1, Buffer.from("x"))),
  forbidden("a header block within another", protocol, headers(Buffer.of(0x82), 0), headers(Buffer.of(0x82))),
  forbidden(
    "CONTINUATION of another stream",
    protocol,
    headers(Buffer.of(0x82), 0),
    frameOf(FRAME.continuation, FLAG.endHeaders, 3, Buffer.alloc(1)),
  ),
  forbidden("CONTINUATIONs without end", calm, headers(Buffer.of(0x82), 0), times(40, more(PART_BYTES))),
  forbidden("empty CONTINUATIONs without end", calm, headers(Buffer.of(0x82), 0), times(300_000, more(0))),
  forbidden("a header block that is none", compression, headers(Buffer.of(0x80))),
  forbidden("a Huffman code that is none", compression, headers(Buffer.from("0001618400000000", "hex"))),
  forbidden("a header table beyond what was allowed", compression, headers(tableSize(4097))),
  forbidden(
    "a few bytes that stand for megabytes of headers",
    compression,
    headers(Buffer.concat([literal(LITERAL.indexed, "x", "v".repeat(4000)), times(10_000, indexed(FIRST_DYNAMIC))])),
  ),
  forbidden("SETTINGS of a stream", frameSize, frameOf(FRAME.settings, 0, 1, Buffer.alloc(6))),
  forbidden("SETTINGS cut short", frameSize, frameOf(FRAME.settings, 0, 0, Buffer.alloc(5))),
  forbidden("frames smaller than anybody must take", protocol, settingsFrame([[SETTING.maxFrameSize, 16_383]])),
  forbidden("frames larger than there can be", protocol, settingsFrame([[SETTING.maxFrameSize, 2 ** 24]])),
  forbidden("a window of 2 GiB", flowControl, settingsFrame([[SETTING.initialWindowSize, 2 ** 31]])),
  forbidden("WINDOW_UPDATE cut short", frameSize, frameOf(FRAME.windowUpdate, 0, 0, Buffer.alloc(3))),
  forbidden("WINDOW_UPDATE of nothing", flowControl, numberFrame(FRAME.windowUpdate, 0, 0)),
  forbidden("WINDOW_UPDATE beyond 2 GiB", flowControl, numberFrame(FRAME.windowUpdate, 0, 2 ** 31 - 1)),
  forbidden("a PING of seven bytes", frameSize, frameOf(FRAME.ping, 0, 0, Buffer.alloc(7))),
  forbidden("a PING of a stream", frameSize, frameOf(FRAME.ping, 0, 1, Buffer.alloc(8))),
  forbidden("RST_STREAM cut short", frameSize, frameOf(FRAME.reset, 0, 1, Buffer.alloc(3))),
  forbidden("RST_STREAM of the connection", frameSize, numberFrame(FRAME.reset, 0, 0)),
  forbidden("PUSH_PROMISE", protocol, frameOf(FRAME.pushPromise, FLAG.endHeaders, 1, Buffer.from("0000000282", "hex"))),
];
