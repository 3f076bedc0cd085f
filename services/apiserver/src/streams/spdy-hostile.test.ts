// What a client that may exec could do to the server with its frames: memory and time stay bounded.
import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { SpdyConnection, type SpdyStream } from "./spdy.ts";
import { SPDY_DICTIONARY } from "./spdy-dictionary.ts";
import { HeaderEncoder } from "./spdy-headers.ts";

const SYN_STREAM = 0x80030001;
const PING = 0x80030006;
const EMPTY = Buffer.alloc(0);

function frame(first: number, flags: number, payload: Buffer, length = payload.length): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(first >>> 0, 0);
  header.writeUInt32BE(((flags << 24) | length) >>> 0, 4);
  return Buffer.concat([header, payload]);
}

const open = (id: number, block: Buffer) => frame(SYN_STREAM, 0, Buffer.concat([Buffer.from([0, 0, 0, id, 0, 0, 0, 0, 0, 0]), block]));

/** The server's end of a connection; what it writes is read at once, or never. */
function transport(reads = true): Duplex {
  return new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      if (reads) done();
    },
  });
}

/** Resolves after everything that was pushed has been handled. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

async function openStream(onStream: (stream: SpdyStream) => void) {
  const server = transport();
  const connection = new SpdyConnection(server, EMPTY, onStream);
  server.push(open(1, await new HeaderEncoder().encode(new Map([["streamtype", "stdin"]]))));
  await settled();
  return { server, connection };
}

test("any frames in any pieces are taken or close the connection; nothing else is thrown", async () => {
  const block = await new HeaderEncoder().encode(new Map([["streamtype", "data"]]));
  const anyFrame = fc.oneof(
    fc.constant(open(1, block)),
    fc
      .tuple(fc.constantFrom(1, 2, 3, 4, 6, 7, 9), fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 40 }))
      .map(([type, flags, payload]) => frame(0x80030000 + type, flags, Buffer.from(payload))),
    fc
      .tuple(fc.constantFrom(0, 1, 3), fc.constantFrom(0, 1), fc.uint8Array({ maxLength: 200 }))
      .map(([id, flags, payload]) => frame(id, flags, Buffer.from(payload))),
    fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
  );
  const property = fc.asyncProperty(fc.array(anyFrame, { maxLength: 12 }), fc.integer({ min: 1, max: 64 }), async (frames, size) => {
    const server = transport();
    new SpdyConnection(server, EMPTY, (stream) => stream.onData(() => {}));
    const bytes = Buffer.concat(frames);
    for (let at = 0; at < bytes.length && !server.destroyed; at += size) server.push(bytes.subarray(at, at + size));
    await new Promise(setImmediate);
    server.destroy();
  });
  await fc.assert(property, { numRuns: 300 });
});

test("data goes on as it comes, however long its frame says it is", async () => {
  let got = 0;
  const { server } = await openStream((stream) => stream.onData((data) => void (got += data.length)));
  server.push(frame(1, 0, Buffer.alloc(1000), 0xffffff));
  await settled();
  assert.equal(got, 1000);
  server.destroy();
});

test("a long control frame closes the connection before it has been read", async () => {
  const server = transport();
  new SpdyConnection(server, EMPTY, () => assert.fail("no stream"));
  server.push(frame(SYN_STREAM, 0, EMPTY, 0xffffff));
  await settled();
  assert.ok(server.destroyed);
});

test("a header block of few bytes that unpack to many closes the connection", async () => {
  const server = transport();
  new SpdyConnection(server, EMPTY, () => assert.fail("no stream"));
  server.push(open(1, deflateSync(Buffer.alloc(40_000_000), { dictionary: SPDY_DICTIONARY, level: 9 })));
  await new Promise((resolve) => server.once("close", resolve));
});

test("who pings and does not read the answers is not read either", async () => {
  const server = transport(false);
  new SpdyConnection(server, EMPTY, () => {});
  const pings = Buffer.concat(Array.from({ length: 20_000 }, () => frame(PING, 0, Buffer.from([0, 0, 0, 1]))));
  server.push(pings);
  await settled();
  assert.ok(server.isPaused());
  server.destroy();
});

test("a stream that nobody listens to yet holds the connection; a listener gets everything, in order", async () => {
  let stream: SpdyStream | undefined;
  const { server } = await openStream((opened) => (stream = opened));
  const pieces = Array.from({ length: 40 }, (_, i) => Buffer.alloc(4096, i));
  for (const piece of pieces) server.push(frame(1, 0, piece));
  await settled();
  assert.ok(server.isPaused());
  const got: Buffer[] = [];
  stream!.onData((data) => got.push(data));
  await settled();
  assert.ok(!server.isPaused());
  assert.deepEqual(Buffer.concat(got), Buffer.concat(pieces));
  server.destroy();
});

test("two that hold must both let go", async () => {
  const { server, connection } = await openStream(() => {});
  for (const holder of ["one", "other"]) connection.hold(holder);
  connection.release("one");
  assert.ok(server.isPaused());
  connection.release("other");
  assert.ok(!server.isPaused());
  server.destroy();
});
