import assert from "node:assert/strict";
import { connect, createServer as createHttp2, type IncomingHttpHeaders } from "node:http2";
import { createServer } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { FLAG, FRAME, FrameReader, PREFACE } from "./frames.ts";
import { encodeHeaders, HeaderDecoder } from "./hpack.ts";

const block = (...bytes: number[]) => new HeaderDecoder().decode(Buffer.from(bytes));

test("the forms of RFC 7541, appendix C", () => {
  assert.deepEqual(block(0x82), { ":method": "GET" });
  assert.deepEqual(new HeaderDecoder().decode(Buffer.from("400a637573746f6d2d6b65790d637573746f6d2d686561646572", "hex")), {
    "custom-key": "custom-header",
  });
  assert.deepEqual(new HeaderDecoder().decode(Buffer.from("828684418cf1e3c2e5f23a6ba0ab90f4ff", "hex")), {
    ":method": "GET",
    ":scheme": "http",
    ":path": "/",
    ":authority": "www.example.com",
  });
});

test("malformed blocks are refused", () => {
  for (const bytes of [
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    [0x80],
    [0xc0],
    [0x00, 0x7f],
    [0x3f, 0x10],
    [0x00, 0x01, 0x61, 0x81, 0x00],
  ])
    assert.throws(() => block(...bytes), `${bytes}`);
});

test("any bytes end in headers or in an error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        new HeaderDecoder().decode(Buffer.from(bytes));
      } catch (error) {
        assert.match((error as Error).message, /^HPACK/);
      }
    }),
    { numRuns: 2000 },
  );
});

test("what is encoded decodes to the same", () => {
  const value = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 300 });
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z-]{1,20}$/), value), (headers) => {
      assert.deepEqual(new HeaderDecoder().decode(encodeHeaders(headers)), { ...headers });
    }),
  );
});

test("node's own encoder is understood, Huffman codes and all", async () => {
  const values = Array.from({ length: 12 }, (_, i) =>
    Array.from({ length: 19 }, (_, j) => String.fromCharCode(0x21 + ((i * 19 + j) % 0x5e))).join(""),
  );
  const seen: Record<string, string>[] = [];
  const server = createServer((socket) => {
    const frames = new FrameReader(1 << 20);
    let first = true;
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      const bytes = first ? chunk.subarray(PREFACE.length) : chunk;
      if (first) socket.write(Buffer.from("000006040000000000" + "000100000000", "hex"));
      first = false;
      for (const { type, flags, payload } of frames.read(bytes)) {
        if (type !== FRAME.headers) continue;
        assert.ok(flags & FLAG.endHeaders);
        seen.push(new HeaderDecoder().decode(flags & FLAG.priority ? payload.subarray(5) : payload));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const client = connect(`http://127.0.0.1:${port}`);
  client.on("error", () => {});
  await new Promise((resolve) => client.once("remoteSettings", resolve));
  for (const value of values) client.request({ ":path": "/x", "x-value": value }).on("error", () => {});
  for (let i = 0; i < 200 && seen.length < values.length; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  client.destroy();
  server.close();
  assert.deepEqual(
    seen.map((headers) => headers["x-value"]),
    values,
  );
});

test("node's own decoder understands what we encode", async () => {
  const server = createHttp2();
  const got = new Promise<IncomingHttpHeaders>((resolve) => server.on("stream", (_, headers) => resolve(headers)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const { Http2Connection } = await import("./connection.ts");
  const connection = new Http2Connection(`http://127.0.0.1:${port}`, {}, () => {});
  const value = "v".repeat(300);
  connection.request(encodeHeaders({ ":method": "POST", ":scheme": "http", ":path": "/p", ":authority": "a", "x-long": value }), {
    headers() {},
    data() {},
    closed() {},
  });
  const headers = await got;
  assert.deepEqual([headers[":path"], headers["x-long"]], ["/p", value]);
  connection.close();
  server.close();
});
