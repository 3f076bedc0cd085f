import assert from "node:assert/strict";
import { connect as connectTcp, type Socket } from "node:net";
import { test } from "node:test";
import { FrameReader } from "@flotilla/rpc/http2/frame-reader.ts";
import { ERROR, FLAG, FRAME, frameOf, numberFrame, PREFACE } from "@flotilla/rpc/http2/frames.ts";
import { encodeHeaders, indexed, LITERAL, literal } from "@flotilla/rpc/http2/hpack-encoder.ts";
import { settingsFrame } from "@flotilla/rpc/http2/settings.ts";
import { FIRST_DYNAMIC } from "@flotilla/rpc/http2/static-table.ts";
import { FORBIDDEN } from "@flotilla/rpc/http2/testing/forbidden.ts";
import { frame } from "../frames.ts";
import { Listener } from "../listener.ts";
import { Router } from "../server.ts";

const ECHO = encodeHeaders({ ":method": "POST", ":scheme": "http", ":path": "/t/echo" });
const headers = (stream: number, block = ECHO, flags: number = FLAG.endHeaders) => frameOf(FRAME.headers, flags, stream, block);
const data = (stream: number, text: string, flags: number = FLAG.endStream) => frameOf(FRAME.data, flags, stream, frame(Buffer.from(text)));

/** A client that says anything, and what it hears. */
interface Client {
  readonly socket: Socket;
  readonly heard: { type: number; flags: number; stream: number; payload: Buffer }[];
  send(...bytes: (Buffer | string)[]): void;
  until(what: () => unknown): Promise<void>;
  /** The code of GOAWAY; the connection is closed then. */
  goaway(): Promise<number>;
}

async function serve(scenario: (dial: () => Client, calls: { running: number; handled: number }) => Promise<void>): Promise<void> {
  const router = new Router(4 << 20);
  const calls = { running: 0, handled: 0 };
  router.unary("/t/echo", (request, call) => {
    calls.handled++;
    call.reply(request);
  });
  router.unary("/t/wait", (_request, call) => {
    calls.handled++;
    calls.running++;
    call.onClose(() => calls.running--);
  });
  const listener = new Listener(router, (_request, response) => void response.end(), undefined);
  await listener.listen(0, "127.0.0.1");
  const sockets: Socket[] = [];
  try {
    await scenario(() => {
      const socket = connectTcp(listener.port, "127.0.0.1");
      sockets.push(socket);
      return client(socket);
    }, calls);
  } finally {
    for (const socket of sockets) socket.destroy();
    await listener.close();
  }
}

function client(socket: Socket): Client {
  const heard: Client["heard"] = [];
  const reader = new FrameReader(1 << 20, (type, flags, stream, payload) =>
    heard.push({ type, flags, stream, payload: Buffer.from(payload) }),
  );
  let closed = false;
  socket.on("data", (chunk: Buffer) => reader.read(chunk));
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
  });
  const until = async (what: () => unknown) => {
    for (let i = 0; i < 1000 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(what(), `${what}`);
  };
  return {
    socket,
    heard,
    until,
    send: (...bytes) => void socket.write(Buffer.concat(bytes.map((b) => Buffer.from(b)))),
    async goaway() {
      await until(() => closed);
      return heard.find(({ type }) => type === FRAME.goaway)!.payload.readUInt32BE(4);
    },
  };
}

const answers = ({ heard }: Client) => heard.filter(({ type }) => type === FRAME.data).map(({ payload }) => payload.toString("latin1", 5));

for (const { what, bytes, code } of FORBIDDEN) {
  test(`a client that sends ${what} is cut off with code ${code}; others are not`, () =>
    serve(async (dial) => {
      const [bad, good] = [dial(), dial()];
      bad.send(PREFACE, settingsFrame([]), headers(1), bytes);
      assert.equal(await bad.goaway(), code);
      good.send(PREFACE, settingsFrame([]), headers(1), data(1, "hello"));
      await good.until(() => answers(good).length > 0);
      assert.deepEqual(answers(good), ["hello"]);
    }));
}

test("a preface that is wrong in its last byte is refused, in one piece or in two", () =>
  serve(async (dial) => {
    const wrong = `${PREFACE.slice(0, -1)}x`;
    const [whole, pieces] = [dial(), dial()];
    whole.send(wrong);
    pieces.send(wrong.slice(0, 20));
    await new Promise((resolve) => setTimeout(resolve, 20));
    pieces.send(wrong.slice(20));
    assert.deepEqual([await whole.goaway(), await pieces.goaway()], [ERROR.protocol, ERROR.protocol]);
  }));

test("a preface and a call in single bytes are answered", () =>
  serve(async (dial) => {
    const slow = dial();
    slow.socket.setNoDelay(true);
    for (const byte of Buffer.concat([Buffer.from(PREFACE), settingsFrame([]), headers(1), data(1, "hello")])) {
      slow.send(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await slow.until(() => answers(slow).length > 0);
    assert.deepEqual(answers(slow), ["hello"]);
  }));

test("calls that are reset as fast as they are made leave nothing behind (CVE-2023-44487)", () =>
  serve(async (dial, calls) => {
    const RESETS = 20_000;
    const hasty = dial();
    hasty.send(PREFACE, settingsFrame([]));
    // Its headers once in full, then by the table: as many calls in as few bytes as there can be.
    const path = literal(LITERAL.indexed, ":path", "/t/wait");
    const call = (id: number) => [
      headers(id, id === 1 ? path : indexed(FIRST_DYNAMIC)),
      data(id, "x"),
      numberFrame(FRAME.reset, id, ERROR.cancel),
    ];
    for (let i = 0; i < RESETS; i++) hasty.send(...call(2 * i + 1));
    const last = 2 * RESETS + 1;
    hasty.send(headers(last), data(last, "still here"));
    await hasty.until(() => answers(hasty).length > 0);
    assert.deepEqual([answers(hasty), calls.running, calls.handled], [["still here"], 0, RESETS + 1]);
    // Nothing was said about calls that were given up: no answer, no reset of ours.
    assert.deepEqual(
      hasty.heard.filter(({ stream }) => stream !== 0 && stream !== last),
      [],
    );
  }));
