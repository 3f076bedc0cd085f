import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { SpdyConnection, type SpdyStream } from "./spdy.ts";
import { SPDY_DICTIONARY } from "./spdy-dictionary.ts";
import { HeaderDecoder, HeaderEncoder, parseHeaders, serializeHeaders } from "./spdy-headers.ts";

test("the dictionary is the standard's: length and, in the zlib header, checksum", async () => {
  assert.equal(SPDY_DICTIONARY.length, 1423);
  const block = await new HeaderEncoder().encode(new Map());
  assert.equal(block.subarray(0, 6).toString("hex"), "78bbe3c6a7c2");
});

test("header blocks of one direction share their compression", async () => {
  const encoder = new HeaderEncoder();
  const decoder = new HeaderDecoder();
  for (const headers of [
    new Map([["streamtype", "error"]]),
    new Map([
      ["streamtype", "data"],
      ["port", "80"],
    ]),
    new Map<string, string>(),
  ]) {
    assert.deepEqual(await decoder.decode(await encoder.encode(headers)), headers);
  }
});

test("a header block that ends early is refused", () => {
  const block = serializeHeaders(new Map([["a", "b"]]));
  for (let length = 0; length < block.length; length++) assert.throws(() => parseHeaders(block.subarray(0, length)), /ends early/);
});

/** Both ends of a transport, joined in memory. */
function pair(): { client: Duplex; server: Duplex } {
  const make = (peer: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        peer().push(chunk);
        done();
      },
      final(done) {
        peer().push(null);
        done();
      },
    });
  const client: Duplex = make(() => server);
  const server: Duplex = make(() => client);
  return { client, server };
}

function frame(first: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(first >>> 0, 0);
  header.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4);
  return Buffer.concat([header, payload]);
}

test("a stream is opened, answered, and carries data in pieces of any size", async () => {
  const { client, server } = pair();
  const opened = new Promise<SpdyStream>((resolve) => new SpdyConnection(server, Buffer.alloc(0), resolve));
  const block = await new HeaderEncoder().encode(new Map([["streamtype", "stdin"]]));
  const bytes = Buffer.concat([
    frame(0x80030001, 0, Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), block])),
    frame(1, 0, Buffer.from("hello")),
    frame(1, 1, Buffer.alloc(0)),
  ]);
  const answer: Buffer[] = [];
  client.on("data", (chunk: Buffer) => answer.push(chunk));
  for (const byte of bytes) client.write(Buffer.from([byte]));
  const stream = await opened;
  assert.equal(stream.headers.get("streamtype"), "stdin");
  let text = "";
  await new Promise<void>((resolve) => {
    stream.onData((data) => (text += data));
    stream.onEnd(resolve);
  });
  assert.equal(text, "hello");
  stream.write(Buffer.from("world"));
  stream.end();
  await new Promise(setImmediate);
  const sent = Buffer.concat(answer);
  assert.equal(sent.readUInt32BE(0) >>> 0, 0x80030002, "SYN_REPLY first");
  assert.ok(sent.includes("world"));
});

test("garbage closes the connection", async () => {
  const { client, server } = pair();
  new SpdyConnection(server, Buffer.alloc(0), () => assert.fail("no stream"));
  client.write(frame(0x80030001, 0, Buffer.from("garbage that is no header block at all")));
  await new Promise((resolve) => server.once("close", resolve));
});
