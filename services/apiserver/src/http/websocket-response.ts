import type { IncomingMessage } from "node:http";
import { type Duplex, Writable } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { StreamResponse } from "../request/call.ts";

/** Subprotocols of byte streams: as they are, or for clients that know text alone. None offered: as they are. */
const BINARY = "binary.k8s.io";
const BASE64 = "base64.binary.k8s.io";
const NORMAL_CLOSURE = 1000;
/** Clients have nothing to say here. */
const MESSAGE_BYTES_MAX = 64 * 1024;
const UNSENT_BYTES_MAX = 64 * 1024;
const NEWLINE = 0x0a;

const server = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  maxPayload: MESSAGE_BYTES_MAX,
  handleProtocols: (offered) => [BINARY, BASE64].find((protocol) => offered.has(protocol)) ?? false,
});

export const asksForWebSocket = (request: IncomingMessage): boolean => request.headers.upgrade?.toLowerCase() === "websocket";

/**
 * What browsers can follow: a log, each piece one message, or a watch, each event
 * one message of text (upstream's wsstream).
 */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  content: "bytes" | "lines",
): Promise<StreamResponse> {
  return new Promise((resolve) => {
    server.handleUpgrade(request, socket, head, (connection) => {
      const base64 = connection.protocol === BASE64;
      resolve(new WebSocketResponse(connection, content === "lines" ? lines : base64 ? inBase64 : asItIs));
    });
  });
}

type Framing = (chunk: Buffer) => (Buffer | string)[];
const asItIs: Framing = (chunk) => [chunk];
const inBase64: Framing = (chunk) => [chunk.toString("base64")];
/** A chunk holds whole lines. */
const lines: Framing = (chunk) => {
  const out: string[] = [];
  for (let at = 0, end = chunk.indexOf(NEWLINE); end >= 0; at = end + 1, end = chunk.indexOf(NEWLINE, at))
    out.push(chunk.toString("utf8", at, end));
  return out;
};

/** A response's body as messages, at the client's pace. Its head went out with the upgrade. */
class WebSocketResponse extends Writable implements StreamResponse {
  private readonly socket: WebSocket;
  private readonly framing: Framing;

  constructor(socket: WebSocket, framing: Framing) {
    super();
    this.socket = socket;
    this.framing = framing;
    socket.on("error", () => {});
    socket.on("close", () => void this.destroy());
  }

  writeHead(): this {
    return this;
  }

  flushHeaders(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    for (const message of this.framing(chunk)) this.socket.send(message, { binary: typeof message !== "string" });
    if (this.socket.bufferedAmount <= UNSENT_BYTES_MAX) return done();
    // An empty message's turn comes when all before it are with the kernel.
    this.socket.ping(undefined, false, () => done());
  }

  override _final(done: () => void): void {
    this.socket.close(NORMAL_CLOSURE);
    done();
  }
}
