import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock, Logger, Random } from "@flotilla/base";
import { type WebSocket, WebSocketServer } from "ws";
import type { Session } from "../backend.ts";
import { forwardPorts } from "./port-forward.ts";
import { serveSession } from "./remote-command.ts";

/** What a one-time URL leads to. */
export type Offer =
  | { kind: "exec" | "attach"; tty: boolean; open: () => Promise<Session> }
  | { kind: "portforward"; ports: number[]; dial: (port: number) => Promise<Duplex> };

export interface StreamingServer {
  /** @returns a URL that works once, within a minute. */
  offer(offer: Offer): string;
  close(): void;
}

export interface StreamingPorts {
  clock: Clock;
  random: Random;
  log: Logger;
}

/** As the CRI streaming library of Kubernetes bounds it. */
const TOKEN_LIFE_MS = 60_000;
const TOKENS_MAX = 1000;
const TOKEN_BYTES = 16;
/** The one the client names first wins; v5 adds "channel 255 closes a channel". */
const PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
const MESSAGE_BYTES_MAX = 32 * 1024 * 1024;

/** The streaming side of a CRI runtime: WebSockets on `address`, a port the system chooses. */
export async function createStreamingServer(ports: StreamingPorts, address: string): Promise<StreamingServer> {
  const offers = new Map<string, { offer: Offer; expires_ms: number }>();
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
    handleProtocols: (offered) => PROTOCOLS.find((p) => offered.has(p)) ?? false,
  });
  const http = createServer((_request, response) => response.writeHead(400).end("a WebSocket is expected here\n"));
  const take = (request: IncomingMessage): Offer | undefined => {
    const token = request.url?.split("?")[0]?.split("/").at(-1) ?? "";
    const entry = offers.get(token);
    offers.delete(token);
    return entry && entry.expires_ms > ports.clock.monotonic() ? entry.offer : undefined;
  };
  http.on("upgrade", (request, socket, head) => {
    const offer = take(request);
    if (!offer) {
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    socket.on("error", () => {});
    sockets.handleUpgrade(request, socket, head, (ws) => {
      serve(ws, offer).catch((error) => {
        ports.log.warn("a stream failed", { kind: offer.kind, error });
        ws.terminate();
      });
    });
  });
  const [host, port] = splitAddress(address);
  await new Promise<void>((resolve, reject) => http.once("error", reject).listen(port, host, resolve));
  const { port: bound } = http.address() as AddressInfo;
  return {
    offer(offer) {
      const now = ports.clock.monotonic();
      for (const [token, entry] of offers) if (entry.expires_ms <= now || offers.size >= TOKENS_MAX) offers.delete(token);
      const token = Buffer.from(ports.random.bytes(TOKEN_BYTES)).toString("hex");
      offers.set(token, { offer, expires_ms: now + TOKEN_LIFE_MS });
      return `http://${host}:${bound}/${offer.kind}/${token}`;
    },
    close() {
      for (const ws of sockets.clients) ws.terminate();
      http.close();
    },
  };
}

async function serve(ws: WebSocket, offer: Offer): Promise<void> {
  if (offer.kind === "portforward") await forwardPorts(ws, offer.ports, offer.dial);
  else await serveSession(ws, offer.open);
}

function splitAddress(address: string): [string, number] {
  const match = /^(.*?)(?::(\d+))?$/.exec(address)!;
  return [match[1] || "127.0.0.1", Number(match[2] ?? 0)];
}
