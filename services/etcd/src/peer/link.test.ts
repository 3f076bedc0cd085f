import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { silentLogger } from "@flotilla/base";
import { systemClock } from "@flotilla/process/system-clock.ts";
import { Listener } from "../grpc/listener.ts";
import { Router } from "../grpc/server.ts";
import { rpcError } from "../node/errors.ts";
import { readBatch } from "./codec.ts";
import { Link, PEER_PATH } from "./link.ts";

const message = { type: "timeout-now", from: 1, to: 2, term: 3 } as const;

function open(port: number, happened: string[]): Link {
  const events = {
    up: () => void happened.push("up"),
    down: (refused: boolean) => void happened.push(refused ? "refused" : "down"),
    expelled: () => void happened.push("expelled"),
  };
  return new Link([`http://127.0.0.1:${port}`], { clock: systemClock, log: silentLogger, tls: () => undefined, headers: {}, events });
}

test("messages arrive, and the end of the other process is told from a mere loss of the connection", async () => {
  const got: unknown[] = [];
  const router = new Router(1 << 20);
  router.streaming(`${PEER_PATH}/Exchange`, (call) => {
    call.open();
    call.onMessage = (bytes) => got.push(...readBatch(bytes));
  });
  const listener = new Listener(router, (_q, r) => r.end(), undefined);
  await listener.listen(0, "127.0.0.1");
  const happened: string[] = [];
  const link = open(listener.port, happened);
  try {
    await until(() => link.isUp);
    assert.equal(link.send([message]), true);
    await until(() => got.length === 1);
    assert.deepEqual(got, [message]);
    await pause(250);
    await listener.close();
    await until(() => happened.includes("refused"));
    assert.deepEqual(happened.slice(0, 3), ["up", "down", "refused"]);
    assert.equal(link.send([message]), false);
  } finally {
    link.close();
  }
});

test("a member that missed its removal hears of it from whoever knows", async () => {
  const router = new Router(1 << 20);
  router.streaming(`${PEER_PATH}/Exchange`, (call) => {
    call.open();
    call.onMessage = () => {
      throw rpcError("memberRemoved");
    };
  });
  const listener = new Listener(router, (_q, r) => r.end(), undefined);
  await listener.listen(0, "127.0.0.1");
  const happened: string[] = [];
  const link = open(listener.port, happened);
  try {
    await until(() => link.isUp);
    link.send([message]);
    await until(() => happened.includes("expelled"));
  } finally {
    link.close();
    await listener.close();
  }
});

test("a peer that takes connections and says nothing more is given up", async () => {
  const sockets: Socket[] = [];
  const mute = createServer((socket) => void sockets.push(socket.on("error", () => {})));
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
  const happened: string[] = [];
  const link = open((mute.address() as { port: number }).port, happened);
  try {
    await until(() => happened.includes("down"), 9000);
    assert.ok(!happened.includes("refused"));
  } finally {
    link.close();
    for (const s of sockets) s.destroy();
    mute.close();
  }
});

async function until(holds: () => boolean, timeout_ms = 5000): Promise<void> {
  const end = performance.now() + timeout_ms;
  while (!holds()) {
    if (performance.now() > end) throw new Error("it did not happen");
    await pause(10);
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
