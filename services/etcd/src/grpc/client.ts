import { type ClientHttp2Session, type ClientHttp2Stream, connect, type SecureClientSessionOptions } from "node:http2";
import { openSocket } from "@flotilla/rpc/http2/socket.ts";
import { Deframer, frame } from "./frames.ts";
import { Code, decodeMessage, RpcError } from "./status.ts";

export interface Connection {
  readonly session: ClientHttp2Session;
  close(): void;
}

const RECEIVE_WINDOW_BYTES = 8 << 20;
const MESSAGE_BYTES_MAX = 1 << 30;

/**
 * Opens an HTTP/2 connection for gRPC; `onClose` hears why it ended, once, also
 * when it never came up. The socket is our own: a session that is given up
 * while connecting would keep its socket until TCP itself gives up.
 */
export function dial(
  url: string,
  tls: SecureClientSessionOptions | undefined,
  onUp: () => void,
  onClose: (error?: Error) => void,
): Connection {
  const socket = openSocket(new URL(url), tls ?? {});
  socket.setNoDelay(true);
  const session = connect(url, {
    createConnection: () => socket,
    settings: { initialWindowSize: RECEIVE_WINDOW_BYTES },
    maxSessionMemory: 1024,
  });
  let failure: Error | undefined;
  let over = false;
  const fail = (error: Error) => {
    failure ??= error;
  };
  const closed = () => {
    if (over) return;
    over = true;
    session.destroy();
    onClose(failure);
  };
  session.on("error", fail);
  socket.on("error", fail);
  session.on("connect", () => {
    // Given up while the connection was being made: "close" follows.
    if (session.destroyed || session.closed) return;
    session.setLocalWindowSize(RECEIVE_WINDOW_BYTES);
    onUp();
  });
  session.once("close", closed);
  socket.once("close", closed);
  const close = () => {
    session.destroy();
    socket.destroy();
  };
  return { session, close };
}

export interface OutgoingStream {
  readonly writable: boolean;
  /** Bytes accepted here that the connection has not taken yet. */
  readonly queued_bytes: number;
  /** `taken` runs when the bytes have left, and their memory may be used again. */
  sendFramed(framed: Buffer, taken?: () => void): boolean;
  end(): void;
  cancel(): void;
}

/**
 * Starts a call. `onEnd` gets undefined when it ended well, else an RpcError or the connection's error.
 * @throws when the connection is closed.
 */
export function startCall(
  session: ClientHttp2Session,
  path: string,
  headers: Record<string, string>,
  onMessage: (message: Buffer) => void,
  onEnd: (error: Error | undefined) => void,
): OutgoingStream & { onDrain: () => void } {
  const stream: ClientHttp2Stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  const deframer = new Deframer(MESSAGE_BYTES_MAX);
  let status: Error | undefined | "none" = "none";
  const readStatus = (h: Record<string, unknown>) => {
    const code = h["grpc-status"];
    if (code === undefined) return;
    status = code === "0" ? undefined : new RpcError(Number(code) as Code, decodeMessage(String(h["grpc-message"] ?? "")));
  };
  let failure: Error | undefined;
  stream.on("response", readStatus);
  stream.on("trailers", readStatus);
  stream.on("data", (chunk: Buffer) => {
    try {
      deframer.push(chunk, onMessage);
    } catch (error) {
      failure = error as Error;
      stream.close(8);
    }
  });
  stream.on("error", (error) => {
    failure = error;
  });
  stream.on("close", () => onEnd(status === "none" ? (failure ?? new RpcError(Code.UNAVAILABLE, "the connection was closed")) : status));
  const call = {
    get writable() {
      return !stream.destroyed && !stream.writableEnded;
    },
    get queued_bytes() {
      return stream.writableLength;
    },
    sendFramed: (framed: Buffer, taken?: () => void) => !stream.destroyed && !stream.writableEnded && stream.write(framed, taken),
    end: () => void stream.end(),
    cancel: () => stream.close(8),
    onDrain: () => {},
  };
  stream.on("drain", () => call.onDrain());
  return call;
}

/** One request, one answer. */
export function unary(
  session: ClientHttp2Session,
  path: string,
  request: Uint8Array,
  headers: Record<string, string> = {},
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let answer: Buffer | undefined;
    const call = startCall(
      session,
      path,
      headers,
      (message) => {
        answer = message;
      },
      (error) => (error || !answer ? reject(error ?? new Error("no answer")) : resolve(answer)),
    );
    call.sendFramed(frame(request));
    call.end();
  });
}
