import assert from "node:assert/strict";
import dgram from "node:dgram";
import { once } from "node:events";
import net from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { seededRandom, silentLogger } from "@flotilla/base";
import { systemClock } from "@flotilla/process";
import { Listeners } from "./listeners.ts";
import { createMetrics } from "./metrics.ts";
import { raw } from "./raw-binding.ts";
import type { Rule } from "./rules.ts";
import { createSockets } from "./sockets.ts";

/** Real sockets on loopback: one listener whose backends the test sets. */
async function setUp(t: TestContext, protocol: "TCP" | "UDP", binding = raw) {
  const listeners = new Listeners(createSockets(systemClock, createMetrics(), binding), {
    clock: systemClock,
    random: seededRandom(1),
    log: silentLogger,
  });
  t.after(() => listeners.closeAll());
  const port = await freePort();
  const key = `${protocol} 127.0.0.1:${port}`;
  const route = async (...backends: string[]) => {
    listeners.sync(new Map<string, Rule>([[key, { key, protocol, address: "127.0.0.1", port, service: "d/a:80", backends }]]));
    for (let i = 0; i < 200 && backends.length > 0 !== listeners.listening().includes(key); i++) await delay(5);
  };
  return { port, route, listeners };
}

/** Answers each connection with its name, then echoes; ends when the peer ends. */
async function backend(t: TestContext, name: string): Promise<{ address: string; sockets: Set<net.Socket> }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.write(`${name};`);
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { address: `127.0.0.1:${(server.address() as net.AddressInfo).port}`, sockets };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Sends `text`, half-closes, and returns everything that came back. */
async function talk(port: number, text = ""): Promise<string> {
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end(text);
  let got = "";
  for await (const chunk of socket) got += chunk;
  return got;
}

test("Node has the raw handles that make the relay fast", () => assert.ok(raw));

for (const [how, binding] of [
  ["raw", raw],
  ["net", null],
] as const) {
  test(`${how}: connections go round the endpoints; half-closes cross`, async (t) => {
    const { port, route } = await setUp(t, "TCP", binding);
    const [a, b] = [await backend(t, "a"), await backend(t, "b")];
    await route(a.address, b.address);
    const answers = [await talk(port, "1"), await talk(port, "2"), await talk(port, "3"), await talk(port, "4")];
    assert.deepEqual(answers.toSorted(), ["a;1", "a;3", "b;2", "b;4"]);
  });

  test(`${how}: an endpoint that refuses is passed over`, async (t) => {
    const { port, route } = await setUp(t, "TCP", binding);
    const a = await backend(t, "a");
    const dead = `127.0.0.1:${await freePort()}`;
    await route(a.address, dead);
    for (let i = 0; i < 4; i++) assert.equal(await talk(port, "x"), "a;x");
  });

  test(`${how}: no endpoints: refused; all endpoints dead: reset`, async (t) => {
    const { port, route } = await setUp(t, "TCP", binding);
    const a = await backend(t, "a");
    await route(a.address);
    await route();
    await assert.rejects(talk(port), { code: "ECONNREFUSED" });
    await route(`127.0.0.1:${await freePort()}`);
    await assert.rejects(talk(port), { code: "ECONNRESET" });
  });

  test(`${how}: connections to an endpoint that left are drained, not cut`, async (t) => {
    const { port, route, listeners } = await setUp(t, "TCP", binding);
    const [a, b] = [await backend(t, "a"), await backend(t, "b")];
    await route(a.address);
    const open = net.connect({ port, host: "127.0.0.1" });
    assert.equal(String((await once(open, "data"))[0]), "a;");
    await route(b.address);
    assert.equal(await talk(port), "b;");
    listeners.sync(new Map());
    open.write("still");
    assert.equal(String((await once(open, "data"))[0]), "still");
    open.destroy();
  });

  test(`${how}: a reset crosses in both directions`, async (t) => {
    const { port, route } = await setUp(t, "TCP", binding);
    const a = await backend(t, "a");
    await route(a.address);
    const client = net.connect({ port, host: "127.0.0.1" });
    await once(client, "data");
    const cut = assert.rejects(once([...a.sockets][0]!, "close"), { code: "ECONNRESET" });
    client.resetAndDestroy();
    await cut;
    const second = net.connect({ port, host: "127.0.0.1" });
    await once(second, "data");
    [...a.sockets][1]!.resetAndDestroy();
    const [error] = await once(second, "error");
    assert.equal(error.code, "ECONNRESET");
  });

  test(`${how}: megabytes cross whole while the reader is slow`, async (t) => {
    const { port, route } = await setUp(t, "TCP", binding);
    const a = await backend(t, "");
    await route(a.address);
    const size = 16 << 20;
    const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    socket.end(Buffer.alloc(size, "z"));
    await delay(100);
    let got = 0;
    for await (const chunk of socket) got += chunk.length;
    assert.equal(got, size + 1);
  });

  test(`${how}: a port in use is tried again until it is free`, async (t) => {
    const { port, route } = await setUp(t, "TCP", binding);
    const a = await backend(t, "a");
    const blocker = net.createServer().listen(port, "127.0.0.1");
    await once(blocker, "listening");
    const routed = route(a.address);
    await delay(50);
    blocker.close();
    await routed;
    assert.equal(await talk(port), "a;");
  });
}

test("datagrams and their replies; a flow moves when its endpoint leaves", async (t) => {
  const { port, route } = await setUp(t, "UDP");
  const server = async (name: string) => {
    const socket = dgram.createSocket("udp4");
    socket.on("message", (data, from) => socket.send(`${name}:${data}`, from.port, from.address));
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    t.after(() => socket.close());
    return `127.0.0.1:${socket.address().port}`;
  };
  const [a, b] = [await server("a"), await server("b")];
  await route(a);
  const client = dgram.createSocket("udp4");
  t.after(() => client.close());
  const ask = async (text: string) => {
    client.send(text, port, "127.0.0.1");
    return String((await once(client, "message"))[0]);
  };
  assert.equal(await ask("1"), "a:1");
  assert.equal(await ask("2"), "a:2");
  await route(b);
  assert.equal(await ask("3"), "b:3");
});
