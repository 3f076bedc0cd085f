import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from "node:http";
import { createServer as createNetServer, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { ServerTls } from "../tls.ts";
import { Connection } from "./h2/connection.ts";
import type { Router } from "./server.ts";

/** What tells gRPC over cleartext from plain HTTP: the first bytes of HTTP/2 (RFC 9113 §3.4). */
const H2_PREFACE = "PRI * HTTP/2.0";

/**
 * One address that speaks gRPC and plain HTTP (health, version, metrics), with
 * or without TLS, as etcd's client URLs do.
 */
export class Listener {
  private readonly net: NetServer;
  private readonly http: HttpServer;
  private readonly sockets = new Set<Socket>();
  private readonly connections = new Set<Connection>();
  private readonly router: Router;

  constructor(router: Router, http: RequestListener, tls: ServerTls | undefined) {
    this.router = router;
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
    for (const connection of this.connections) connection.close();
    for (const socket of this.sockets) socket.destroySoon();
    await closed;
  }

  private secure(tls: ServerTls): NetServer {
    const server = createTlsServer({ ...tls.options, ALPNProtocols: ["h2", "http/1.1"] }, (socket) => {
      this.track(socket);
      if (socket.alpnProtocol === "http/1.1") this.http.emit("connection", socket);
      else this.speakH2(socket);
    });
    // Before the server's own listener begins the handshake.
    return server.prependListener("connection", () => {
      const renewed = tls.renewed();
      if (renewed) server.setSecureContext(renewed);
    });
  }

  private sniff(socket: Socket): void {
    this.track(socket);
    socket.once("data", (first: Buffer) => {
      if (first.toString("latin1", 0, H2_PREFACE.length) === H2_PREFACE.slice(0, first.length)) this.speakH2(socket, first);
      else {
        socket.pause();
        socket.unshift(first);
        this.http.emit("connection", socket);
        socket.resume();
      }
    });
  }

  private speakH2(socket: Socket, first?: Buffer): void {
    const connection = new Connection(socket, (stream) => this.router.handle(stream));
    this.connections.add(connection);
    socket.on("close", () => this.connections.delete(connection));
    if (first) connection.receive(first);
  }

  private track(socket: Socket): void {
    socket.setNoDelay(true);
    this.sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.sockets.delete(socket));
  }
}
