import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { damaged, fuzz } from "../testing/fuzz.ts";
import { Deframer, frame } from "./frames.ts";
import { FLAG, FRAME, frameOf, PREFACE } from "./h2/frame.ts";
import { FrameReader } from "./h2/frame-reader.ts";
import { HpackDecoder } from "./h2/hpack.ts";

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

test("HTTP/2 frames", () => {
  const good = Buffer.concat([
    Buffer.from(PREFACE),
    frameOf(FRAME.settings, 0, 0, Buffer.alloc(6)),
    frameOf(FRAME.data, FLAG.endStream, 1, Buffer.from("x")),
  ]);
  const read = (bytes: Buffer) => {
    let payload_bytes = 0;
    new FrameReader((_type, _flags, _stream, payload) => {
      payload_bytes += payload.length;
    }).read(bytes);
    return payload_bytes;
  };
  assert.equal(read(good), 7);
  fuzz(read, [good], { errors: ["ConnectionError"] });
});

test("header blocks: no crash, and a few bytes do not become megabytes", () => {
  // RFC 7541, C.4.1: a request with Huffman coding.
  const good = Buffer.from("828684418cf1e3c2e5f23a6ba0ab90f4ff", "hex");
  assert.equal(new HpackDecoder().decode(good)[":authority"], "www.example.com");
  // The table has 4,096 bytes: referring to it can multiply a block by that much at most, and the sum is bounded.
  fuzz((bytes) => new HpackDecoder().decode(bytes), [good], { errors: ["HpackError"], growth_max: 4200 });
});
