import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { apiError, type Status } from "@flotilla/api";
import type { Clock } from "@flotilla/base";
import type { ExecClient } from "./exec.ts";
import { SpdyConnection, type SpdyStream } from "./spdy.ts";
import { parseSize } from "./websocket-exec.ts";

/** These carry the outcome as JSON on the error stream; older ones cannot tell exit codes. */
const PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
/** As upstream: the client opens its streams right after the upgrade. */
const STREAMS_MS_MAX = 30_000;

export interface WantedStreams {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  resize: boolean;
}

/** Answers the upgrade and waits for the streams. @throws ApiError Forbidden for protocols that we do not speak. */
export function acceptSpdyExec(
  clock: Clock,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  wanted: WantedStreams,
): Promise<ExecClient> {
  const offered = String(request.headers["x-stream-protocol-version"] ?? "").split(/,\s*/);
  const protocol = PROTOCOLS.find((known) => offered.includes(known));
  if (!protocol)
    throw apiError(
      "Forbidden",
      `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(" ")}], server accepts [${PROTOCOLS.join(" ")}]`,
    );
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
  const names = ["error", ...(["stdin", "stdout", "stderr", "resize"] as const).filter((name) => wanted[name])];
  return new Promise((resolve, reject) => {
    const streams = new Map<string, SpdyStream>();
    const limit = clock.setTimeout(() => {
      socket.destroy();
      reject(apiError("Timeout", "timed out waiting for streams"));
    }, STREAMS_MS_MAX);
    socket.on("close", () => {
      limit.cancel();
      reject(apiError("BadRequest", "the client left before it had opened its streams"));
    });
    const connection = new SpdyConnection(socket, head, (stream) => {
      const name = stream.headers.get("streamtype") ?? "";
      if (!names.includes(name)) return stream.onData(() => {}); // Nobody listens to what was not asked for.
      streams.set(name, stream);
      if (!names.every((name) => streams.has(name))) return;
      limit.cancel();
      resolve(new SpdyExec(connection, streams));
    });
  });
}

class SpdyExec implements ExecClient {
  private readonly connection: SpdyConnection;
  private readonly streams: ReadonlyMap<string, SpdyStream>;

  constructor(connection: SpdyConnection, streams: ReadonlyMap<string, SpdyStream>) {
    this.connection = connection;
    this.streams = streams;
  }

  stdout(data: Buffer): boolean {
    return this.streams.get("stdout")?.write(data) ?? true;
  }

  stderr(data: Buffer): boolean {
    return this.streams.get("stderr")?.write(data) ?? true;
  }

  finish(status: Status): void {
    this.streams.get("error")!.write(Buffer.from(JSON.stringify(status)));
    for (const stream of this.streams.values()) stream.end();
  }

  onStdin(listener: (data: Buffer) => void): void {
    this.streams.get("stdin")?.onData(listener);
  }

  onStdinEnd(listener: () => void): void {
    this.streams.get("stdin")?.onEnd(listener);
  }

  onResize(listener: (size: { width: number; height: number }) => void): void {
    this.streams.get("resize")?.onData((data) => {
      for (const line of data.toString().split("\n")) {
        const size = line === "" ? undefined : parseSize(Buffer.from(line));
        if (size) listener(size);
      }
    });
  }

  onDrain(listener: () => void): void {
    this.connection.onDrain(listener);
  }

  onClose(listener: () => void): void {
    this.connection.onClose(listener);
  }

  pause(): void {
    this.connection.hold(this);
  }

  resume(): void {
    this.connection.release(this);
  }
}
