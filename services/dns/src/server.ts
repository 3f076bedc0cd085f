import dgram from "node:dgram";
import net from "node:net";
import type { Clock, Logger } from "@flotilla/base";
import type { Handler } from "./handler.ts";
import { frame } from "./upstream.ts";

/** TCP: connections at once, and silence after which one is closed (RFC 7766 section 6.2.3). */
const TCP_LIMIT = 512;
const TCP_IDLE_MS = 10_000;

export interface DnsServer {
  close(): Promise<void>;
  port: number;
}

/** A port that UDP got may be taken for TCP: with port 0 another one does as well. */
const FREE_PORT_TRIES = 10;

/** Listens on one address, UDP and TCP; port 0: any that is free. Rejects with a Node system error. */
export async function listen(
  handler: Handler,
  address: string,
  port: number,
  ports: { clock: Clock; log: Logger },
  tries = FREE_PORT_TRIES,
): Promise<DnsServer> {
  const udp = dgram.createSocket({ type: net.isIPv6(address) ? "udp6" : "udp4", recvBufferSize: 1 << 20 });
  await new Promise<void>((resolve, reject) => {
    udp.once("error", reject);
    udp.bind({ address, port, exclusive: true }, () => {
      udp.removeListener("error", reject);
      resolve();
    });
  });
  udp.on("error", (error) => ports.log.warn("datagram socket failed", { error }));
  udp.on("message", (message, from) => {
    handler(message, "udp").then(
      (reply) => {
        if (reply) udp.send(reply, from.port, from.address);
      },
      (error) => ports.log.error("query failed", { error }),
    );
  });
  const actual = udp.address().port;
  const streams = new Set<net.Socket>();
  const tcp = net.createServer((socket) => {
    streams.add(socket);
    socket.on("close", () => streams.delete(socket));
    serveStream(socket, handler, ports.log);
  });
  tcp.maxConnections = TCP_LIMIT;
  try {
    await new Promise<void>((resolve, reject) => {
      tcp.once("error", reject);
      tcp.listen({ host: address, port: actual, exclusive: true }, () => resolve());
    });
  } catch (error) {
    udp.close();
    if (port === 0 && tries > 1 && (error as NodeJS.ErrnoException).code === "EADDRINUSE") {
      return listen(handler, address, port, ports, tries - 1);
    }
    throw error;
  }
  return {
    port: actual,
    close: () =>
      new Promise((resolve) => {
        udp.close();
        tcp.close(() => resolve());
        for (const socket of streams) socket.destroy();
      }),
  };
}

function serveStream(socket: net.Socket, handler: Handler, log: Logger): void {
  let got = Buffer.alloc(0);
  socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    got = got.length === 0 ? chunk : Buffer.concat([got, chunk]);
    while (got.length >= 2 && got.length >= got.readUInt16BE(0) + 2) {
      const end = got.readUInt16BE(0) + 2;
      const message = got.subarray(2, end);
      got = got.subarray(end);
      handler(message, "tcp").then(
        (reply) => {
          if (reply && !socket.destroyed) socket.write(frame(reply));
        },
        (error) => log.error("query failed", { error }),
      );
    }
  });
}
