import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameReader } from "@flotilla/rpc/http2/frame-reader.ts";
import { FLAG, FRAME, frameOf, PREFACE } from "@flotilla/rpc/http2/frames.ts";
import { HpackDecoder } from "@flotilla/rpc/http2/hpack-decoder.ts";
import { decodeHuffman } from "@flotilla/rpc/http2/huffman.ts";
import fc from "fast-check";
import { damaged, fuzz } from "../testing/fuzz.ts";
import { Deframer, frame } from "./frames.ts";
import { Preface } from "./h2/preface.ts";

const MESSAGE_BYTES_MAX = 1000;

/** All of it in pieces as they may arrive; what came out of it. */
function inPieces(bytes: Buffer, cuts: readonly number[], push: (piece: Buffer) => void): void {
  let from = 0;
  for (const cut of [...cuts.map((c) => Math.floor(c * bytes.length)).sort((a, b) => a - b), bytes.length]) {
    if (cut > from) push(bytes.subarray(from, cut));
    from = Math.max(from, cut);
  }
}

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });

test("messages come out whole however the stream is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), cuts, (messages, at) => {
      const got: Buffer[] = [];
      const deframer = new Deframer(MESSAGE_BYTES_MAX);
      inPieces(Buffer.concat(messages.map((m) => frame(m))), at, (piece) => deframer.push(piece, (m) => got.push(Buffer.from(m))));
      assert.deepEqual(
        got.map((m) => m.toString("hex")),
        messages.map((m) => Buffer.from(m).toString("hex")),
      );
    }),
  );
});

test("a broken stream is an error, and what waits for the rest stays below the limit", () => {
  const good = Buffer.concat([frame(Buffer.from("one")), frame(Buffer.alloc(300, 7))]);
  fc.assert(
    fc.property(damaged([good]), cuts, (bytes, at) => {
      const deframer = new Deframer(MESSAGE_BYTES_MAX);
      try {
        inPieces(bytes, at, (piece) => deframer.push(piece, (m) => assert.ok(m.length <= MESSAGE_BYTES_MAX)));
      } catch (error) {
        assert.equal((error as Error).name, "RpcError");
      }
    }),
  );
});

const FRAME_BYTES_MAX = 16_384;
const request = Buffer.concat([
  Buffer.from(PREFACE),
  frameOf(FRAME.settings, 0, 0, Buffer.alloc(6)),
  frameOf(FRAME.headers, FLAG.endHeaders, 1, Buffer.of(0x82)),
  frameOf(FRAME.data, 0, 1, Buffer.alloc(300, 7)),
  frameOf(FRAME.data, FLAG.endStream, 1, Buffer.alloc(0)),
]);

/** What a server reads: the preface, then frames. */
function readFrames(bytes: Buffer, at: readonly number[]): string[] {
  const got: string[] = [];
  const preface = new Preface();
  const reader = new FrameReader(FRAME_BYTES_MAX, (...frame) => {
    assert.ok(frame[3].length <= FRAME_BYTES_MAX);
    got.push(frame.map((part) => (typeof part === "number" ? part : part.toString("hex"))).join(" "));
  });
  inPieces(bytes, at, (piece) => reader.read(preface.complete ? piece : preface.strip(piece)));
  return got;
}

test("HTTP/2 frames come out whole however the stream is cut", () => {
  const whole = readFrames(request, []);
  assert.equal(whole.length, 4);
  assert.deepEqual(
    readFrames(
      request,
      Array.from(request, (_, i) => i / request.length),
    ),
    whole,
  );
  fc.assert(fc.property(cuts, (at) => assert.deepEqual(readFrames(request, at), whole)));
});

test("broken HTTP/2 frames are an error, whatever pieces they come in", () => {
  fuzz((bytes) => readFrames(bytes, []), [request], { errors: ["ConnectionError"] });
  const outcome = (bytes: Buffer, at: readonly number[]) => {
    try {
      return readFrames(bytes, at);
    } catch (error) {
      return (error as Error).message;
    }
  };
  fc.assert(fc.property(damaged([request]), cuts, (bytes, at) => assert.deepEqual(outcome(bytes, at), outcome(bytes, []))));
});

test("header blocks: no crash, and a few bytes do not become megabytes", () => {
  // RFC 7541, C.4.1: a request with Huffman coding.
  const good = Buffer.from("828684418cf1e3c2e5f23a6ba0ab90f4ff", "hex");
  for (const table_bytes_max of [4096, 0]) {
    const decoder = () => new HpackDecoder({ table_bytes_max, headers_bytes_max: 64 << 10 });
    assert.equal(decoder().decode(good)[":authority"], "www.example.com");
    // The table has 4,096 bytes: referring to it can multiply a block by that much at most, and the sum is bounded.
    fuzz((bytes) => decoder().decode(bytes), [good], { errors: ["ConnectionError"], growth_max: 4200 });
  }
});

test("Huffman strings: no crash, and no more characters than there are codes", () => {
  const good = Buffer.from("f1e3c2e5f23a6ba0ab90f4ff", "hex");
  assert.equal(decodeHuffman(good, 0, good.length), "www.example.com");
  fuzz((bytes) => decodeHuffman(bytes, 0, bytes.length), [good], { errors: [], growth_max: 2 });
});
