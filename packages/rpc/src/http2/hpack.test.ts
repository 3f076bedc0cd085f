import assert from "node:assert/strict";
import { connect, createServer as createHttp2, type IncomingHttpHeaders } from "node:http2";
import { createServer } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { FrameReader } from "./frame-reader.ts";
import { FLAG, FRAME, PREFACE } from "./frames.ts";
import { HpackDecoder } from "./hpack-decoder.ts";
import { encodeHeaders, indexed, LITERAL, literal, tableSize } from "./hpack-encoder.ts";
import { headersPart } from "./payloads.ts";
import { FIRST_DYNAMIC, STATIC_TABLE } from "./static-table.ts";

const TABLE_BYTES = 4096;
const HEADERS_BYTES_MAX = 64 << 10;
/** Blocks of one connection, in hexadecimal or as they are; what each says. */
function decode(blocks: readonly (string | Buffer)[], table_bytes_max = TABLE_BYTES): Record<string, string>[] {
  const decoder = new HpackDecoder({ table_bytes_max, headers_bytes_max: HEADERS_BYTES_MAX });
  return blocks.map((block) => ({ ...decoder.decode(typeof block === "string" ? Buffer.from(block.replaceAll(" ", ""), "hex") : block) }));
}
const compression = { name: "ConnectionError", code: 9, message: /^HTTP\/2: HPACK: / };

test("the forms of RFC 7541, appendix C", () => {
  assert.deepEqual(decode(["82"]), [{ ":method": "GET" }]);
  assert.deepEqual(decode(["400a637573746f6d2d6b65790d637573746f6d2d686561646572"]), [{ "custom-key": "custom-header" }]);
  assert.deepEqual(decode(["040c 2f73616d706c652f70617468"]), [{ ":path": "/sample/path" }]);
  assert.deepEqual(decode(["1008 7061737377 6f7264 06 736563726574"]), [{ password: "secret" }]);
});

test("C.4: three requests, each by what the table has of those before it", () => {
  const first = { ":method": "GET", ":scheme": "http", ":path": "/", ":authority": "www.example.com" };
  const last = {
    ":method": "GET",
    ":scheme": "https",
    ":path": "/index.html",
    ":authority": "www.example.com",
    "custom-key": "custom-value",
  };
  const blocks = ["828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf", "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"];
  assert.deepEqual(decode(blocks), [first, { ...first, "cache-control": "no-cache" }, last]);
  // Without a table the first stands for itself, and the others refer to nothing.
  assert.deepEqual(decode([blocks[0]!, blocks[0]!], 0), [first, first]);
  assert.throws(() => decode(blocks.slice(0, 2), 0), compression);
});

test("a block that came before means what the table makes of it now", () => {
  const add = (value: string) => literal(LITERAL.indexed, "x", value);
  const newest = indexed(FIRST_DYNAMIC);
  assert.deepEqual(
    decode([add("1"), newest, newest, add("2"), newest, newest]),
    ["1", "1", "1", "2", "2", "2"].map((x) => ({ x })),
  );
  assert.throws(() => decode([add("1"), newest, tableSize(0), newest]), compression);
  // More blocks than are kept in mind, again and again.
  const many = Array.from({ length: 40 }, (_, i) => literal(LITERAL.plain, "n", `${i % 20}`));
  assert.deepEqual(
    decode(many),
    many.map((_, i) => ({ n: `${i % 20}` })),
  );
});

test("the table gives up its oldest for the newest, and never holds more than it may", () => {
  const long = (name: string) => literal(LITERAL.indexed, name, "v".repeat(1900));
  const at = (i: number) => indexed(FIRST_DYNAMIC + i);
  assert.deepEqual(Object.keys(decode([long("a"), long("b"), Buffer.concat([at(0), at(1)])])[2]!), ["b", "a"]);
  assert.throws(() => decode([long("a"), long("b"), long("c"), at(2)]), compression);
  // One that is larger than the table empties it (§4.4).
  assert.throws(() => decode([long("a"), literal(LITERAL.indexed, "b", "v".repeat(5000)), at(0)]), compression);
});

test("names and values that come again are joined; what is no name of ours is only a name", () => {
  const twice = Buffer.concat(["1", "2"].map((value) => literal(LITERAL.plain, "x", value)));
  assert.deepEqual(decode([twice]), [{ x: "1, 2" }]);
  const decoder = new HpackDecoder({ table_bytes_max: 0, headers_bytes_max: HEADERS_BYTES_MAX });
  const odd = decoder.decode(encodeHeaders(Object.fromEntries([["__proto__", "p"]])));
  assert.deepEqual([Object.getPrototypeOf(odd), Object.entries(odd)], [null, [["__proto__", "p"]]]);
});

const MALFORMED: [what: string, block: string][] = [
  ["index 0", "80"],
  ["an index beyond the table", "c0"],
  ["an integer beyond 32 bits", "ff ff ff ff ff 7f"],
  ["an integer of zeros without end", "3f 80 80 80 80 80 80 00"],
  ["an integer that ends early", "ff 80"],
  ["a name that is cut short", "00 7f"],
  ["no value", "00 01 61"],
  ["a string longer than memory", "00 01 61 7f ff ff ff ff 0f"],
  ["padding of eight bits", "00 01 61 81 ff"],
  ["padding of zeros", "00 01 61 81 00"],
  ["the end of a string within it", "00 01 61 84 ff ff ff ff"],
  ["a table larger than allowed", "3f e2 1f"],
  ["a table's size behind a header", "82 20"],
];

for (const [what, block] of MALFORMED) {
  test(`refused: ${what}`, () => assert.throws(() => decode([block]), compression));
}

test("a few bytes that stand for many headers are refused", () => {
  const bomb = Buffer.concat([literal(LITERAL.indexed, "x", "v".repeat(4000)), Buffer.alloc(1000, indexed(FIRST_DYNAMIC))]);
  assert.throws(() => decode([bomb]), { ...compression, message: /too large/ });
});

test("any bytes end in headers or in an error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(0, TABLE_BYTES), (bytes, table_bytes_max) => {
      try {
        decode([Buffer.from(bytes)], table_bytes_max);
      } catch (error) {
        assert.match((error as Error).message, compression.message);
      }
    }),
    { numRuns: 2000 },
  );
});

test("the static table is whole", () => {
  assert.deepEqual(
    [STATIC_TABLE.length, STATIC_TABLE[15], STATIC_TABLE[60]],
    [61, ["accept-encoding", "gzip, deflate"], ["www-authenticate", ""]],
  );
});

test("what is encoded decodes to the same", () => {
  const value = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 300 });
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z-]{1,20}$/), value), (headers) => {
      assert.deepEqual(decode([encodeHeaders(headers)], 0), [{ ...headers }]);
    }),
  );
});

test("node's own encoder is understood, Huffman codes and all", async () => {
  const values = Array.from({ length: 12 }, (_, i) =>
    Array.from({ length: 19 }, (_, j) => String.fromCharCode(0x21 + ((i * 19 + j) % 0x5e))).join(""),
  );
  const seen: Record<string, string>[] = [];
  const server = createServer((socket) => {
    const decoder = new HpackDecoder({ table_bytes_max: 0, headers_bytes_max: HEADERS_BYTES_MAX });
    const frames = new FrameReader(1 << 20, (type, flags, _stream, payload) => {
      if (type !== FRAME.headers) return;
      assert.ok(flags & FLAG.endHeaders);
      seen.push(decoder.decode(headersPart(flags, payload)));
    });
    let first = true;
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      const bytes = first ? chunk.subarray(PREFACE.length) : chunk;
      if (first) socket.write(Buffer.from("000006040000000000" + "000100000000", "hex"));
      first = false;
      frames.read(bytes);
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
