// Clients that watch ConfigMaps: what each sees of a create's delay, or nothing but being there.
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect, type TLSSocket } from "node:tls";
import type { Identity } from "./api-client.ts";

/** Counts, for each event of an object named o-N, the time from sending the create to having read the event. */
export async function watchDelays(ports: readonly number[], identity: Identity, path: string, count: number): Promise<Watchers> {
  const delays_ms: number[] = [];
  const read = () => {
    let rest = "";
    return (chunk: Buffer) => {
      const now = performance.now();
      const lines = (rest + chunk.toString("latin1")).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const at = line.indexOf('"sent":"') + 8;
        if (at < 8 || !line.includes('"name":"o-')) continue;
        delays_ms.push(now - Number(line.slice(at, line.indexOf('"', at))));
      }
    };
  };
  const sockets = await open(ports, identity, path, count, read);
  return { delays_ms, stop: () => sockets.forEach((socket) => void socket.destroy()) };
}

export interface Watchers {
  readonly delays_ms: readonly number[];
  stop(): void;
}

/** Watches that stand there and read, each on a connection of its own (HTTP/1.1). */
export async function idleConnections(port: number, identity: Identity, path: string, count: number): Promise<() => void> {
  const sockets = await open([port], identity, path, count, () => () => {});
  return () => sockets.forEach((socket) => void socket.destroy());
}

/** As clients written in Go make them: many on one HTTP/2 connection. */
export async function idleStreams(
  port: number,
  identity: Identity,
  path: string,
  count: number,
  perConnection: number,
): Promise<() => void> {
  const sessions: ClientHttp2Session[] = [];
  for (let left = count; left > 0; left -= perConnection) {
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ...identity });
    session.on("error", () => {});
    sessions.push(session);
    await Promise.all(Array.from({ length: Math.min(left, perConnection) }, () => openStream(session, path)));
  }
  return () => sessions.forEach((session) => void session.destroy());
}

function openStream(session: ClientHttp2Session, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":path": path });
    stream.on("response", () => resolve());
    stream.on("error", reject);
    stream.resume();
  });
}

/** A few at a time: a thousand handshakes at once would only time each other out. */
const OPENING = 16;

async function open(
  ports: readonly number[],
  identity: Identity,
  path: string,
  count: number,
  reader: () => (chunk: Buffer) => void,
): Promise<TLSSocket[]> {
  const sockets: TLSSocket[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const port = ports[next++ % ports.length]!;
      sockets.push(await openOne(port, identity, path, reader()));
    }
  };
  await Promise.all(Array.from({ length: OPENING }, worker));
  return sockets;
}

/** Resolves when the server has answered, so that the watch stands. */
function openOne(port: number, identity: Identity, path: string, read: (chunk: Buffer) => void): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, ...identity, ALPNProtocols: ["http/1.1"] });
    socket.on("secureConnect", () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nUser-Agent: bench/1\r\n\r\n`),
    );
    socket.on("error", reject);
    socket.on("data", (chunk: Buffer) => {
      resolve(socket);
      read(chunk);
    });
  });
}
