import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { silentLogger } from "@flotilla/base";
import { systemClock, systemRandom } from "@flotilla/process";
import { createRelay } from "./assemble.ts";

const ports = { clock: systemClock, random: systemRandom, log: silentLogger };
const dir = mkdtempSync(join(tmpdir(), "flotilla-relay-"));
after(() => rmSync(dir, { recursive: true }));

async function echo(name: string): Promise<{ server: Server; address: string }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.write(`${name}\n`);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function talk(target: { path: string } | { host: string; port: number }, send: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(target, () => socket.end(send));
    socket.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}

async function freePort(): Promise<number> {
  const { server, address } = await echo("x");
  await new Promise((resolve) => server.close(resolve));
  return Number(address.split(":")[1]);
}

test("connections reach a backend that lives, whichever is dead", async (t) => {
  const dead = `127.0.0.1:${await freePort()}`;
  const live = await echo("live");
  const port = await freePort();
  const relay = await createRelay(ports, { listen: [`127.0.0.1:${port}`], backends: [dead, live.address] });
  t.after(async () => {
    await relay.stop();
    live.server.close();
  });
  for (let i = 0; i < 4; i++) assert.equal(await talk({ host: "127.0.0.1", port }, "hello"), "live\nhello");
});

test("CONNECT leads to any address, and says when it can't", async (t) => {
  const target = await echo("target");
  const forwardSocket = join(dir, "forward.sock");
  const relay = await createRelay(ports, { listen: [], backends: [], forwardSocket });
  t.after(async () => {
    await relay.stop();
    target.server.close();
  });
  assert.equal(await talk({ path: forwardSocket }, `CONNECT ${target.address}\nhi`), "OK\ntarget\nhi");
  assert.match(await talk({ path: forwardSocket }, `CONNECT 127.0.0.1:${await freePort()}\n`), /^ERROR .*ECONNREFUSED/);
  assert.match(await talk({ path: forwardSocket }, "GET / HTTP/1.1\n"), /^ERROR expected CONNECT/);
});
