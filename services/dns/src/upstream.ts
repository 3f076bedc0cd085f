import dgram from "node:dgram";
import net from "node:net";
import type { Clock } from "@flotilla/base";
import { splitServer } from "./resolv-conf.ts";

export type Transport = "udp" | "tcp";

/** One question to one server. Rejects when it fails or `limit_ms` pass. */
export type Exchange = (server: string, query: Buffer, transport: Transport, limit_ms: number) => Promise<Buffer>;

/** Patience with one server for one try. */
const READ_TIMEOUT_MS = 2_000;

/** The real network: a socket, and so a source port, of its own for each question. */
export function createExchange(clock: Clock): Exchange {
  return (server, query, transport, limit_ms) =>
    new Promise((resolve, reject) => {
      const { host, port } = splitServer(server);
      const timer = clock.setTimeout(() => finish(new Error(`${server} did not answer`)), Math.min(limit_ms, READ_TIMEOUT_MS));
      const finish = (result: Buffer | Error) => {
        timer.cancel();
        close();
        if (result instanceof Error) reject(result);
        else resolve(result);
      };
      const close = (transport === "udp" ? askUdp : askTcp)(host, port, query, finish);
    });
}

type Ask = (host: string, port: number, query: Buffer, finish: (result: Buffer | Error) => void) => () => void;

const askUdp: Ask = (host, port, query, finish) => {
  const socket = dgram.createSocket(net.isIPv6(host) ? "udp6" : "udp4");
  let open = true;
  socket.on("error", finish);
  socket.on("message", (reply) => {
    if (answers(reply, query)) finish(reply);
  });
  socket.connect(port, host, (error?: Error) => {
    if (!error && open) socket.send(query);
  });
  return () => {
    if (open) socket.close();
    open = false;
  };
};

const askTcp: Ask = (host, port, query, finish) => {
  const socket = net.connect({ host, port });
  let got = Buffer.alloc(0);
  socket.on("error", finish);
  socket.on("close", () => finish(new Error("connection closed")));
  socket.on("data", (chunk) => {
    got = Buffer.concat([got, chunk]);
    const size = got.length >= 2 ? got.readUInt16BE(0) : Number.POSITIVE_INFINITY;
    if (got.length < size + 2) return;
    const reply = got.subarray(2, size + 2);
    finish(answers(reply, query) ? reply : new Error("reply to another question"));
  });
  socket.write(frame(query));
  return () => socket.destroy();
};

/** The id and the question must be ours. */
function answers(reply: Buffer, query: Buffer): boolean {
  return reply.length >= 12 && reply.readUInt16BE(0) === query.readUInt16BE(0) && (reply[2]! & 0x80) !== 0;
}

/** A message on a stream: its length first (RFC 1035 section 4.2.2). */
export function frame(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(message.length + 2);
  framed.writeUInt16BE(message.length, 0);
  message.copy(framed, 2);
  return framed;
}
