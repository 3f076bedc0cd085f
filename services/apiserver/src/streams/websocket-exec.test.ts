import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Status } from "@flotilla/api";
import { WebSocket } from "ws";
import { acceptExec } from "./websocket-exec.ts";

const FAILURE: Status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", code: 500, message: "exit code 3" };
const SUCCESS: Status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 200 };

/** What a client of `protocol` hears on the error channel. */
async function heard(protocol: string, status: Status): Promise<string[]> {
  const server = createServer();
  server.on("upgrade", async (request, socket, head) => (await acceptExec(request, socket, head)).finish(status));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, [protocol]);
  const got: string[] = [];
  socket.on("message", (data: Buffer) => got.push(data.toString()));
  await new Promise((resolve) => socket.once("close", resolve));
  server.close();
  assert.equal(socket.protocol, protocol);
  return got;
}

test("how a command ended: a Status, to the oldest clients the words of a failure alone", async () => {
  for (const protocol of ["v5.channel.k8s.io", "v4.channel.k8s.io"]) {
    assert.deepEqual(await heard(protocol, FAILURE), [`\x03${JSON.stringify(FAILURE)}`]);
    assert.deepEqual(await heard(protocol, SUCCESS), [`\x03${JSON.stringify(SUCCESS)}`]);
  }
  assert.deepEqual(await heard("channel.k8s.io", FAILURE), ["\x03exit code 3"]);
  assert.deepEqual(await heard("channel.k8s.io", SUCCESS), []);
});
