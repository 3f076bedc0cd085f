import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { ExecClient } from "./exec.ts";

const [STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE] = [0, 1, 2, 3, 4, 255];
/** The first one told of failures alone, in words. */
const PLAIN = "channel.k8s.io";
/** Newest first: v5 adds closing of single channels, v4 a Status at the end. */
const PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io", PLAIN];
const NORMAL_CLOSURE = 1000;
const UNSENT_BYTES_MAX = 1024 * 1024;
const MESSAGE_BYTES_MAX = 32 * 1024 * 1024;

const server = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  maxPayload: MESSAGE_BYTES_MAX,
  handleProtocols: (offered) => PROTOCOLS.find((protocol) => offered.has(protocol)) ?? false,
});

export const offersExec = (request: IncomingMessage): boolean =>
  (request.headers["sec-websocket-protocol"] ?? "").split(/,\s*/).some((protocol) => PROTOCOLS.includes(protocol));

export function acceptExec(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<ExecClient> {
  return new Promise((resolve) => server.handleUpgrade(request, socket, head, (connection) => resolve(new WebSocketExec(connection))));
}

/** Remote command over WebSocket: each binary message is one byte of channel and its data. */
class WebSocketExec implements ExecClient {
  private readonly socket: WebSocket;
  private stdinListener: (data: Buffer) => void = () => {};
  private stdinEndListener = () => {};
  private resizeListener: (size: { width: number; height: number }) => void = () => {};
  private drainListener = () => {};

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data, isBinary) => this.message(data as Buffer, isBinary));
    socket.on("error", () => {});
  }

  stdout(data: Buffer): boolean {
    return this.send(STDOUT!, data);
  }

  stderr(data: Buffer): boolean {
    return this.send(STDERR!, data);
  }

  finish(status: { status?: string; message?: string }): void {
    if (this.socket.protocol !== PLAIN) this.send(ERROR!, Buffer.from(JSON.stringify(status)));
    else if (status.status !== "Success") this.send(ERROR!, Buffer.from(status.message ?? "failed"));
    this.socket.close(NORMAL_CLOSURE);
  }

  onStdin(listener: (data: Buffer) => void): void {
    this.stdinListener = listener;
  }

  onStdinEnd(listener: () => void): void {
    this.stdinEndListener = listener;
  }

  onResize(listener: (size: { width: number; height: number }) => void): void {
    this.resizeListener = listener;
  }

  onDrain(listener: () => void): void {
    this.drainListener = listener;
  }

  onClose(listener: () => void): void {
    this.socket.on("close", listener);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  private send(channel: number, data: Buffer): boolean {
    if (this.socket.readyState !== this.socket.OPEN) return true;
    const message = Buffer.allocUnsafe(data.length + 1);
    message[0] = channel;
    data.copy(message, 1);
    this.socket.send(message, () => {
      if (this.socket.bufferedAmount <= UNSENT_BYTES_MAX) this.drainListener();
    });
    return this.socket.bufferedAmount <= UNSENT_BYTES_MAX;
  }

  private message(data: Buffer, isBinary: boolean): void {
    if (!isBinary || data.length === 0) return;
    const payload = data.subarray(1);
    if (data[0] === STDIN && payload.length > 0) this.stdinListener(payload);
    else if (data[0] === CLOSE && payload[0] === STDIN) this.stdinEndListener();
    else if (data[0] === RESIZE) {
      const size = parseSize(payload);
      if (size) this.resizeListener(size);
    }
  }
}

/** `{"Width":80,"Height":24}` */
export function parseSize(data: Buffer): { width: number; height: number } | undefined {
  try {
    const { Width, Height } = JSON.parse(data.toString()) as { Width?: number; Height?: number };
    return Width && Height ? { width: Width, height: Height } : undefined;
  } catch {
    return undefined;
  }
}
