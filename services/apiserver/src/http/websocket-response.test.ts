import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { WebSocket } from "ws";
import type { StreamResponse } from "../request/call.ts";
import { acceptWebSocket, asksForWebSocket } from "./websocket-response.ts";

let server: Server;
let serve: (response: StreamResponse) => void;
before(async () => {
  server = createServer();
  server.on("upgrade", async (request, socket, head) => {
    assert.ok(asksForWebSocket(request));
    serve(await acceptWebSocket(request, socket, head, request.url === "/lines" ? "lines" : "bytes"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
after(() => server.close());

/** All messages until the server closes, and the closing code. */
async function read(path: string, protocols: string[] = []): Promise<{ messages: string[]; code: number; protocol: string }> {
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, protocols);
  const messages: string[] = [];
  socket.on("message", (data: Buffer, isBinary) => messages.push(`${isBinary ? "binary" : "text"} ${data}`));
  const code = await new Promise<number>((resolve, reject) => {
    socket.on("close", resolve);
    socket.on("error", reject);
  });
  return { messages, code, protocol: socket.protocol };
}

test("a log comes in pieces, as bytes or as base64, and ends in order", async () => {
  serve = (response) => {
    response.write("one\ntw");
    response.end("o\n");
  };
  const bytes = ["binary one\ntw", "binary o\n"];
  assert.deepEqual(await read("/log"), { messages: bytes, code: 1000, protocol: "" });
  assert.deepEqual(await read("/log", ["binary.k8s.io"]), { messages: bytes, code: 1000, protocol: "binary.k8s.io" });
  const { messages } = await read("/log", ["base64.binary.k8s.io"]);
  assert.deepEqual(messages, [`text ${btoa("one\ntw")}`, `text ${btoa("o\n")}`]);
});

test("a watch comes event by event", async () => {
  serve = (response) => response.end('{"type":"ADDED"}\n{"type":"DELETED"}\n');
  assert.deepEqual((await read("/lines")).messages, ['text {"type":"ADDED"}', 'text {"type":"DELETED"}']);
});

test("a client that leaves ends the stream; one that does not read holds it", async (t) => {
  const served = new Promise<StreamResponse>((resolve) => (serve = resolve));
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/log`);
  t.after(() => socket.terminate());
  await new Promise((resolve) => socket.once("open", resolve));
  const response = await served;
  socket.pause();
  const chunk = Buffer.alloc(1024 * 1024);
  let written = 0;
  while (response.write(chunk) && written < 200) {
    written++;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(written < 200, "the writer must be told to wait");
  const closed = new Promise((resolve) => response.once("close", resolve));
  socket.terminate();
  await closed;
});
