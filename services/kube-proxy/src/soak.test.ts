import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import net from "node:net";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { randomInt, seededRandom, silentLogger } from "@flotilla/base";
import { systemClock } from "@flotilla/process";
import { Listeners } from "./listeners.ts";
import { createMetrics } from "./metrics.ts";
import { createSockets } from "./sockets.ts";

const SEED = Number(process.env["SEED"] ?? 1);
const openFiles = () => readdirSync("/proc/self/fd").length;

/** Peers that send, stall, half-close, reset and leave at random moments: nothing may stay open, nothing may crash. */
test(`connections that end in every way leave nothing behind (SEED=${SEED})`, { skip: process.platform !== "linux" }, async (t) => {
  const random = seededRandom(SEED);
  const chance = (share: number) => random.next() < share;
  const misbehave = async (socket: net.Socket) => {
    socket.on("error", () => {});
    for (let i = randomInt(random, 4); i > 0 && !socket.destroyed; i--) {
      if (chance(0.6)) socket.write(Buffer.alloc(randomInt(random, 400_000)));
      if (chance(0.3)) socket.pause();
      if (chance(0.5)) await delay(randomInt(random, 15));
      if (chance(0.5)) socket.resume();
    }
    if (chance(0.3)) socket.end();
    await delay(randomInt(random, 10));
    if (chance(0.4)) socket.resetAndDestroy();
    else if (chance(0.5)) socket.destroy();
    else {
      socket.resume().end();
      await delay(30);
      socket.destroy();
    }
  };
  const backend = net.createServer({ allowHalfOpen: true }, (socket) => void misbehave(socket)).listen(0, "127.0.0.1");
  await once(backend, "listening");
  const listeners = new Listeners(createSockets(systemClock, createMetrics()), { clock: systemClock, random, log: silentLogger });
  const free = net.createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address() as net.AddressInfo;
  free.close();
  await once(free, "close");
  const key = `TCP 127.0.0.1:${port}`;
  const backends = [`127.0.0.1:${(backend.address() as net.AddressInfo).port}`];
  listeners.sync(new Map([[key, { key, protocol: "TCP", address: "127.0.0.1", port, service: "d/a:80", backends }]]));
  t.after(() => {
    listeners.closeAll();
    backend.close();
  });
  for (let i = 0; i < 100 && listeners.listening().length === 0; i++) await delay(5);
  const before = openFiles();
  for (let round = 0; round < 10; round++) {
    await Promise.all(
      Array.from({ length: 30 }, async () => {
        const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
        await misbehave(socket);
      }),
    );
  }
  for (let i = 0; i < 100 && openFiles() > before; i++) await delay(20);
  assert.ok(openFiles() <= before, `${openFiles() - before} sockets stayed open`);
});
