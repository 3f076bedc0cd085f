import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import type { NodeClient, PortForwardData } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import { WebSocket } from "ws";
import { forwardByChannels, portsOf } from "./websocket-port-forward.ts";

test("ports are read as upstream reads them", () => {
  const table: [query: string, ports: number[] | string][] = [
    ["ports=80&ports=443", [80, 443]],
    ["ports=80,81", [80, 81]],
    ["", 'query parameter "ports" is required'],
    ["ports=http", 'unable to parse "http" as a port'],
    ["ports=0", 'port "0" must be > 0'],
    ["ports=65536", 'unable to parse "65536" as a port'],
  ];
  for (const [query, ports] of table) {
    const read = () => portsOf(new URLSearchParams(query));
    if (typeof ports === "string") assert.throws(read, { message: ports });
    else assert.deepEqual(read(), ports);
  }
});

/** A pod that answers each message with its port and the same, and ends after "end". */
const echo = (): Duplex => {
  let port = 0;
  const call: Duplex = new Duplex({
    objectMode: true,
    read() {},
    write({ port: named, data }: PortForwardData, _encoding, done) {
      if (named) port = named;
      if (data.length > 0) call.push({ data: Buffer.from(`${port} ${Buffer.from(data)}`) });
      if (Buffer.from(data).toString() === "end") call.push(null);
      done();
    },
  });
  return Object.assign(call, { cancel: () => call.destroy() });
};

test("each port has its channels, which name it first; the last to end closes the connection", async () => {
  const client = { portForward: echo } as unknown as Pick<NodeClient, "portForward">;
  const server = createServer();
  server.on("upgrade", (request, socket, head) =>
    forwardByChannels(request, socket, head, client, { namespace: "n", pod: "p" }, [80, 4660]),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, ["v4.channel.k8s.io"]);
  const got: string[] = [];
  socket.on("message", (data: Buffer) => got.push(data.toString("latin1")));
  await new Promise((resolve) => socket.once("open", resolve));
  socket.send(Buffer.from("\x00a"));
  socket.send(Buffer.from("\x02b"));
  socket.send(Buffer.from("\x09nobody"));
  socket.send(Buffer.from("\x00end"));
  socket.send(Buffer.from("\x02end"));
  await new Promise((resolve) => socket.once("close", resolve));
  server.close();
  assert.equal(socket.protocol, "v4.channel.k8s.io");
  const told = ["\x00P\x00", "\x01P\x00", "\x024\x12", "\x034\x12"];
  assert.deepEqual(got.sort(), [...told, "\x0080 a", "\x0080 end", "\x024660 b", "\x024660 end"].sort());
});
