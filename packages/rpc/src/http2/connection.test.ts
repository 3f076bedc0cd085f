import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { Http2Connection, type OpenStream } from "./connection.ts";
import { FrameReader } from "./frame-reader.ts";
import { ackOf, ConnectionError, ERROR, FLAG, FRAME, frameOf, numberFrame, PREFACE } from "./frames.ts";
import { encodeHeaders } from "./hpack-encoder.ts";
import { SETTING, settingsFrame } from "./settings.ts";
import { FORBIDDEN } from "./testing/forbidden.ts";

const REQUEST = encodeHeaders({ ":method": "POST", ":path": "/x" });
const STATUS_200 = Buffer.of(0x88);

type Frame = [type: number, flags: number, stream: number, payload: string];

/** Our client, and a server that says what the test wants it to. */
interface Scene {
  readonly connection: Http2Connection;
  /** What the client has sent behind its preface. */
  readonly frames: Frame[];
  send(...frames: Buffer[]): void;
  until(what: () => unknown): Promise<void>;
}

async function play(scenario: (scene: Scene) => Promise<void>): Promise<void> {
  let socket: Socket | undefined;
  const frames: Frame[] = [];
  const server = createServer((accepted) => {
    socket = accepted.on("error", () => {}).setNoDelay(true);
    let missing = PREFACE.length;
    const reader = new FrameReader(1 << 20, (type, flags, stream, payload) => frames.push([type, flags, stream, payload.toString("hex")]));
    socket.on("data", (chunk: Buffer) => {
      reader.read(chunk.subarray(missing));
      missing -= Math.min(missing, chunk.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const connection = new Http2Connection(`http://127.0.0.1:${port}`, {}, () => {});
  const until = async (what: () => unknown) => {
    for (let i = 0; i < 1000 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(what(), `${what}`);
  };
  try {
    await until(() => socket);
    await scenario({ connection, frames, until, send: (...bytes) => void socket!.write(Buffer.concat(bytes)) });
  } finally {
    connection.close();
    socket?.destroy();
    server.close();
  }
}

/** A request, and what came of it. */
function ask(connection: Http2Connection) {
  const got = { headers: [] as object[], data: "", closed: [] as (Error | undefined)[], stream: undefined as unknown as OpenStream };
  got.stream = connection.request(REQUEST, {
    headers: (headers) => void got.headers.push({ ...headers }),
    data: (chunk) => void (got.data += chunk),
    closed: (error) => void got.closed.push(error),
  });
  return got;
}

const sizes = (frames: readonly Frame[], stream: number) =>
  frames.filter(([type, , id]) => type === FRAME.data && id === stream).map(([, , , payload]) => payload.length / 2);

for (const { what, bytes, code } of FORBIDDEN) {
  test(`a server that sends ${what} is left`, () =>
    play(async ({ connection, send, until }) => {
      const call = ask(connection);
      send(settingsFrame([]), bytes);
      await until(() => call.closed.length > 0);
      assert.deepEqual(
        call.closed.map((error) => [error instanceof ConnectionError, (error as ConnectionError).code]),
        [[true, code]],
      );
      assert.equal(connection.usable, false);
    }));
}

test("an answer is the same in one piece and in many, padded, in several frames", () =>
  play(async ({ connection, send, until }) => {
    const answer = Buffer.concat([
      settingsFrame([]),
      frameOf(FRAME.headers, FLAG.padded | FLAG.priority, 1, Buffer.concat([Buffer.of(2, 0, 0, 0, 0, 7), STATUS_200, Buffer.alloc(2)])),
      frameOf(FRAME.continuation, 0, 1, Buffer.alloc(0)),
      frameOf(FRAME.continuation, FLAG.endHeaders, 1, encodeHeaders({ "content-type": "application/grpc" })),
      frameOf(FRAME.data, FLAG.padded, 1, Buffer.from("\x03abc\0\0\0")),
      frameOf(99, 0xff, 1, Buffer.from("a frame of times to come")),
      frameOf(FRAME.data, 0, 1, Buffer.from("def")),
      frameOf(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, encodeHeaders({ "grpc-status": "0" })),
    ]);
    const call = ask(connection);
    for (const byte of answer) {
      send(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => call.closed.length > 0);
    const headers = [{ ":status": "200", "content-type": "application/grpc" }, { "grpc-status": "0" }];
    assert.deepEqual([call.headers, call.data, call.closed], [headers, "abcdef", [undefined]]);
  }));

test("a request takes the room that its windows have, and no more", () =>
  play(async ({ connection, frames, send, until }) => {
    send(settingsFrame([[SETTING.initialWindowSize, 10]]));
    await until(() => frames.some(([type, flags]) => type === FRAME.settings && flags & FLAG.ack));
    const call = ask(connection);
    call.stream.write(Buffer.alloc(30), true);
    await until(() => sizes(frames, 1).length === 1);
    // A smaller window takes back what was given: four bytes are owed first (RFC 9113, §6.9.2).
    send(settingsFrame([[SETTING.initialWindowSize, 6]]), numberFrame(FRAME.windowUpdate, 1, 5));
    await until(() => sizes(frames, 1).length === 2);
    send(numberFrame(FRAME.windowUpdate, 1, 100));
    await until(() => sizes(frames, 1).length === 3);
    assert.deepEqual(sizes(frames, 1), [10, 1, 19]);
    assert.equal(frames.findLast(([type]) => type === FRAME.data)![1], FLAG.endStream);
  }));

test("half of a window that was used is given back at once", () =>
  play(async ({ connection, frames, send, until }) => {
    const call = ask(connection);
    const FRAMES = 300;
    send(frameOf(FRAME.headers, FLAG.endHeaders, 1, STATUS_200));
    for (let i = 0; i < FRAMES; i++) send(frameOf(FRAME.data, 0, 1, Buffer.alloc(16_384, "x")));
    await until(() => call.data.length === FRAMES * 16_384);
    // The first is what the connection began with.
    await until(() => frames.filter(([type]) => type === FRAME.windowUpdate).length === 3);
    const credits = frames.filter(([type]) => type === FRAME.windowUpdate).slice(1);
    assert.deepEqual(
      credits.map(([, , stream, payload]) => [stream, Number.parseInt(payload, 16)]),
      [
        [0, 4 << 20],
        [1, 4 << 20],
      ],
    );
  }));

test("what the server does not allow yet waits; a reset and a cancelled call end their own stream", () =>
  play(async ({ connection, frames, send, until }) => {
    send(settingsFrame([[SETTING.maxConcurrentStreams, 1]]), frameOf(FRAME.ping, 0, 0, Buffer.from("12345678")));
    await until(() => frames.some(([type]) => type === FRAME.ping));
    assert.deepEqual(frames.at(-1), [FRAME.ping, FLAG.ack, 0, Buffer.from("12345678").toString("hex")]);
    const calls = [ask(connection), ask(connection), ask(connection)];
    calls[1]!.stream.cancel();
    await until(() => frames.some(([type]) => type === FRAME.headers));
    send(numberFrame(FRAME.reset, 1, ERROR.refused));
    await until(() => calls[0]!.closed.length > 0);
    assert.match(calls[0]!.closed[0]!.message, /reset the stream with code 7/);
    await until(() => frames.some(([, , stream]) => stream === 3));
    calls[2]!.stream.cancel();
    await until(() => frames.some(([type]) => type === FRAME.reset));
    assert.deepEqual(
      frames.filter(([type]) => type === FRAME.headers).map(([, , stream]) => stream),
      [1, 3],
    );
    // Frames that were under way are nobody's any more.
    send(frameOf(FRAME.headers, FLAG.endHeaders, 3, STATUS_200), numberFrame(FRAME.windowUpdate, 3, 5), ackOf(FRAME.settings));
    const next = ask(connection);
    send(frameOf(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 5, STATUS_200));
    await until(() => next.closed.length > 0);
    assert.deepEqual([next.headers, next.closed, calls[2]!.closed], [[{ ":status": "200" }], [undefined], [undefined]]);
    assert.deepEqual(calls[1]!.closed, [undefined]);
  }));
