import assert from "node:assert/strict";
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from "node:http2";
import { connect as connectTcp } from "node:net";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { randomInt, seededRandom } from "@flotilla/base";
import { dial, startCall, unary } from "../client.ts";
import { frame } from "../frames.ts";
import { Listener } from "../listener.ts";
import { Router, type StreamCall } from "../server.ts";
import { Code, RpcError } from "../status.ts";

/** Our server, spoken to by Node's own HTTP/2: what both agree on is the protocol. */
async function serve(run: (session: ClientHttp2Session, router: Router, port: number) => Promise<void>, settings = {}): Promise<void> {
  const router = new Router(4 << 20);
  const listener = new Listener(router, (_request, response) => void response.end("plain"), undefined);
  await listener.listen(0, "127.0.0.1");
  const session = connect(`http://127.0.0.1:${listener.port}`, { settings });
  session.on("error", () => {});
  try {
    await run(session, router, listener.port);
  } finally {
    session.destroy();
    await listener.close();
  }
}

const ask = (session: ClientHttp2Session, text: string) => unary(session, "/t/echo", Buffer.from(text)).then(String);

test("calls are answered whole, whatever their size and the client's windows are", async () => {
  for (const settings of [{}, { initialWindowSize: 1000 }, { headerTableSize: 0 }, { maxFrameSize: 1 << 20 }]) {
    await serve(async (session, router) => {
      router.unary("/t/echo", (request, call) => call.reply(request));
      const sizes = [0, 1, 4000, 4090, 16_384, 70_000, 1_000_000];
      const answers = await Promise.all([...sizes, ...sizes].map((n) => ask(session, "x".repeat(n))));
      assert.deepEqual(
        answers.map((a) => a.length),
        [...sizes, ...sizes],
      );
      assert.equal(await ask(session, "again"), "again");
    }, settings);
  }
});

test("headers arrive as they were sent: every character, repeated and changing ones", async () => {
  await serve(async (session, router) => {
    let seen: IncomingHttpHeaders = {};
    router.unary("/t/echo", (request, call) => {
      seen = call.headers;
      call.reply(request);
    });
    const all = String.fromCharCode(...Array.from({ length: 255 }, (_, i) => i + 1).filter((c) => c >= 0x20 && c !== 0x7f)).trim();
    // Short runs of one character among zeros: the sender takes the Huffman code where it is shorter.
    const mixed = [...all].map((c) => `${"0".repeat(64)}${c}`).join("");
    const random = seededRandom(3);
    for (const value of [all, mixed, "plain", "plain", ...Array.from({ length: 40 }, () => "v".repeat(randomInt(random, 900)))]) {
      await unary(session, "/t/echo", Buffer.from("x"), { "x-value": value, "x-other": "same" });
      assert.equal(seen["x-value"], value);
      assert.equal(seen["x-other"], "same");
      assert.equal(seen[":path"], "/t/echo");
    }
  });
});

test("errors carry code and message, before an answer and behind one", async () => {
  await serve(async (session, router) => {
    router.unary("/t/echo", () => {
      throw new RpcError(Code.NOT_FOUND, "no: grün".repeat(30));
    });
    router.streaming("/t/stream", (call) => {
      call.send(Buffer.from("first"));
      call.onMessage = () => call.fail(new RpcError(Code.ABORTED, "enough"));
    });
    for (let i = 0; i < 3; i++) await assert.rejects(ask(session, "x"), { code: Code.NOT_FOUND, message: "no: grün".repeat(30) });
    await assert.rejects(unary(session, "/t/none", Buffer.alloc(1)), { code: Code.UNIMPLEMENTED });
    const got: string[] = [];
    const ended = new Promise<Error | undefined>((resolve) => {
      const call = startCall(session, "/t/stream", {}, (m) => got.push(String(m)), resolve);
      call.sendFramed(frame(Buffer.from("x")));
    });
    assert.deepEqual([((await ended) as RpcError).message, got], ["enough", ["first"]]);
    await assert.rejects(unary(session, "/t/echo", Buffer.alloc(5 << 20)), { code: Code.RESOURCE_EXHAUSTED });
  });
});

test("a receiver that does not read holds the sender back, and gets everything once it does", async () => {
  await serve(async (session, router) => {
    const COUNT = 400;
    let sent = 0;
    router.streaming("/t/flood", (call: StreamCall) => {
      const send = () => {
        while (sent < COUNT && call.writable) call.send(Buffer.alloc(10_000, sent++ % 256));
        if (sent === COUNT) call.end();
      };
      call.onDrain = send;
      send();
    });
    const stream = session.request({ ":method": "POST", ":path": "/t/flood" });
    stream.end();
    stream.pause();
    await pause(150);
    assert.ok(sent > 0 && sent < COUNT / 2, `${sent} were sent to nobody`);
    let bytes = 0;
    for await (const chunk of stream) bytes += (chunk as Buffer).length;
    assert.equal(bytes, COUNT * 10_005);
  });
});

test("a cancelled call is closed, and its connection lives on", async () => {
  await serve(async (session, router) => {
    const closed = new Promise<void>((resolve) => {
      router.streaming("/t/wait", (call) => {
        call.open();
        call.onClose = resolve;
      });
    });
    router.unary("/t/echo", (request, call) => call.reply(request));
    const stream = session.request({ ":method": "POST", ":path": "/t/wait" });
    stream.on("error", () => {});
    stream.on("response", () => stream.close(constants.NGHTTP2_CANCEL));
    await closed;
    assert.equal(await ask(session, "still here"), "still here");
    await new Promise<void>((resolve) => session.ping(() => resolve()));
  });
});

test("plain HTTP is served on the same port", async () => {
  await serve(async (_session, _router, port) => {
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "plain");
  });
});

test("nonsense ends its own connection and nothing else", async () => {
  await serve(async (session, router, port) => {
    router.unary("/t/echo", (request, call) => call.reply(request));
    const random = seededRandom(11);
    for (let i = 0; i < 60; i++) {
      const socket = connectTcp(port, "127.0.0.1");
      socket.on("error", () => {});
      const noise = Buffer.from(Array.from({ length: 1 + randomInt(random, 300) }, () => randomInt(random, 256)));
      // Frames that look right at first: small lengths, known types.
      if (i % 2 === 0) for (let at = 0; at + 9 < noise.length; at += 12) noise.set([0, 0, 3, randomInt(random, 10)], at);
      socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), noise]));
      socket.end();
      socket.resume();
      await new Promise((resolve) => socket.once("close", resolve));
    }
    assert.equal(await ask(session, "unharmed"), "unharmed");
  });
});

test("a connection can be dialled through our own client", async () => {
  await serve(async (_session, router, port) => {
    router.unary("/t/echo", (request, call) => call.reply(request));
    const { promise, resolve } = Promise.withResolvers<void>();
    const connection = dial(`http://127.0.0.1:${port}`, undefined, resolve, () => {});
    await promise;
    assert.equal(await ask(connection.session, "hello"), "hello");
    connection.close();
  });
});
