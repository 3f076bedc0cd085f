import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from "node:http";
import { createServer as createH2Server, type Http2Server, type ServerHttp2Session } from "node:http2";
import { createServer as createNetServer, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { ServerTls } from "../tls.ts";
import type { Router } from "./server.ts";

/** What tells gRPC over cleartext from plain HTTP: the first bytes of HTTP/2 (RFC 9113 §3.4). */
const H2_PREFACE = "PRI * HTTP/2.0";
const RECEIVE_WINDOW_BYTES = 8 << 20;

/**
 * One address that speaks gRPC and plain HTTP (health, version, metrics), with
 * or without TLS, as etcd's client URLs do.
 */
export class Listener {
  private readonly net: NetServer;
  private readonly h2: Http2Server;
  private readonly http: HttpServer;
  private readonly sockets = new Set<Socket>();
  private readonly sessions = new Set<ServerHttp2Session>();

  constructor(router: Router, http: RequestListener, tls: ServerTls | undefined) {
    this.h2 = createH2Server({
      settings: { initialWindowSize: RECEIVE_WINDOW_BYTES, maxConcurrentStreams: 0xffffffff },
      maxSessionMemory: 1024,
      // Clients cancel watches and calls freely; that is no attack here.
      streamResetBurst: 1_000_000,
      streamResetRate: 1_000_000,
    } as Parameters<typeof createH2Server>[0]);
    this.h2.on("stream", (stream, headers) => router.handle(stream, headers));
    this.h2.on("session", (session: ServerHttp2Session) => {
      this.sessions.add(session);
      if (!session.destroyed) session.setLocalWindowSize(RECEIVE_WINDOW_BYTES);
      session.on("error", () => session.destroy());
      session.on("close", () => this.sessions.delete(session));
    });
    this.h2.on("sessionError", () => {});
    this.http = createHttpServer(http);
    this.net = tls ? this.secure(tls) : createNetServer((socket) => this.sniff(socket));
    this.net.on("tlsClientError", () => {});
  }

  listen(port: number, host: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.net.once("error", reject);
      this.net.listen(port, host, 1024, () => {
        this.net.off("error", reject);
        resolve();
      });
    });
  }

  get port(): number {
    const address = this.net.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.net.close(resolve));
    for (const session of this.sessions) session.close();
    for (const socket of this.sockets) socket.destroySoon();
    await closed;
  }

  private secure(tls: ServerTls): NetServer {
    const server = createTlsServer({ ...tls.options, ALPNProtocols: ["h2", "http/1.1"] }, (socket) => {
      this.track(socket);
      (socket.alpnProtocol === "http/1.1" ? this.http : this.h2).emit("connection", socket);
    });
    // Before the server's own listener begins the handshake.
    return server.prependListener("connection", () => {
      const renewed = tls.renewed();
      if (renewed) server.setSecureContext(renewed);
    });
  }

  private sniff(socket: Socket): void {
    this.track(socket);
    socket.once("readable", () => {
      const first: Buffer | null = socket.read();
      if (!first) return;
      socket.unshift(first);
      const isH2 = first.toString("latin1", 0, H2_PREFACE.length) === H2_PREFACE.slice(0, first.length);
      (isH2 ? this.h2 : this.http).emit("connection", socket);
    });
  }

  private track(socket: Socket): void {
    socket.setNoDelay(true);
    this.sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.sockets.delete(socket));
  }
}
