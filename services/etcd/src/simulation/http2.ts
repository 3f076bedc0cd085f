import { EventEmitter } from "node:events";
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import type { Socket } from "node:net";
import type { CallStatus, CallStream, Session } from "../grpc/call-stream.ts";
import type { Router } from "../grpc/server.ts";

/**
 * As much of HTTP/2 as the store's gRPC code uses, over a simulated network: in
 * order and reliable like TCP, or broken. Both real ends run on it:
 * `grpc/client.ts` and a member's routers.
 */
export interface Wire {
  /** Carries `deliver` to the other side, behind everything sent before; never once the way is broken. */
  forth(deliver: () => void): void;
  back(deliver: () => void): void;
}

/** So much on its way to one receiver, and the sender has to wait. */
const WINDOW_BYTES = 4096;

/** A connection, from the side that made it. */
export class SimSession {
  destroyed = false;
  private readonly wire: Wire;
  private readonly router: () => Router | undefined;
  private readonly open = new Set<ClientEnd>();
  /** How the server's calls know that they came on one connection. */
  private readonly serverSide = { socket: {} as Socket, destroyed: false };

  constructor(wire: Wire, router: () => Router | undefined) {
    this.wire = wire;
    this.router = router;
  }

  get closed(): boolean {
    return this.destroyed;
  }

  /** What the gRPC code takes for a session of node:http2. */
  get asSession(): ClientHttp2Session {
    return this as unknown as ClientHttp2Session;
  }

  request(headers: OutgoingHttpHeaders): ClientEnd {
    if (this.destroyed) throw new Error("The session has been destroyed");
    const client = new ClientEnd(this.wire, headers as IncomingHttpHeaders, this.serverSide);
    this.open.add(client);
    client.on("close", () => this.open.delete(client));
    this.wire.forth(() => {
      if (!client.server.closed) this.router()?.handle(client.server);
    });
    return client;
  }

  onDestroy: () => void = () => {};

  /** The connection breaks, for both sides. */
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.onDestroy();
    for (const client of [...this.open]) {
      client.over(new Error("read ECONNRESET"));
      client.server.over();
    }
  }
}

/** A call's stream as `grpc/client.ts` sees it: a ClientHttp2Stream. */
class ClientEnd extends EventEmitter {
  readonly server: ServerEnd;
  destroyed = false;
  writableEnded = false;
  writableLength = 0;
  private full = false;
  private readonly wire: Wire;

  constructor(wire: Wire, headers: IncomingHttpHeaders, session: Session) {
    super();
    this.wire = wire;
    this.server = new ServerEnd(this, wire, headers, session);
  }

  write(data: Uint8Array): boolean {
    const copy = Buffer.from(data);
    this.writableLength += copy.length;
    this.wire.forth(() => {
      if (!this.server.closed) this.server.onData(copy);
      // The next chunk takes its place: whoever kept it finds rubbish.
      copy.fill(0xdd);
      this.writableLength -= copy.length;
      if (!this.full || this.writableLength > 0) return;
      this.full = false;
      if (!this.destroyed) this.emit("drain");
    });
    this.full ||= this.writableLength > WINDOW_BYTES;
    return !this.full;
  }

  end(): void {
    if (this.writableEnded) return;
    this.writableEnded = true;
    this.wire.forth(() => {
      if (!this.server.closed) this.server.onEnd();
    });
  }

  close(_code: number): void {
    if (this.destroyed) return;
    this.wire.forth(() => this.server.over());
    this.over(undefined);
  }

  over(error: Error | undefined): void {
    if (this.destroyed) return;
    this.destroyed = true;
    if (error) this.emit("error", error);
    this.emit("close");
  }
}

/** A call's stream as `grpc/server.ts` sees it. */
class ServerEnd implements CallStream {
  readonly headers: IncomingHttpHeaders;
  readonly session: Session;
  onData: (chunk: Buffer) => void = () => {};
  onEnd: () => void = () => {};
  onClose: () => void = () => {};
  onDrain: () => void = () => {};
  opened = false;
  ended = false;
  closed = false;
  full = false;
  private queued_bytes = 0;
  private readonly client: ClientEnd;
  private readonly wire: Wire;

  constructor(client: ClientEnd, wire: Wire, headers: IncomingHttpHeaders, session: Session) {
    this.session = session;
    this.client = client;
    this.wire = wire;
    this.headers = headers;
  }

  open(): void {
    if (this.closed || this.opened) return;
    this.opened = true;
    this.tell("response", {});
  }

  write(data: Buffer): void {
    if (this.closed || this.ended) return;
    this.open();
    const copy = Buffer.from(data);
    this.queued_bytes += copy.length;
    this.full ||= this.queued_bytes > WINDOW_BYTES;
    this.wire.back(() => {
      if (!this.client.destroyed) this.client.emit("data", copy);
      this.queued_bytes -= copy.length;
      if (!this.full || this.queued_bytes > 0) return;
      this.full = false;
      if (!this.closed) this.onDrain();
    });
  }

  answer(data: Buffer): void {
    this.write(data);
    this.end();
  }

  refuse(status: CallStatus): void {
    this.end(status);
  }

  end({ code, message }: CallStatus = { code: "0", message: "" }): void {
    if (this.closed || this.ended) return;
    this.open();
    this.ended = true;
    this.tell("trailers", { "grpc-status": code, "grpc-message": message });
    this.wire.back(() => this.client.over(undefined));
    this.over();
  }

  over(): void {
    if (this.closed) return;
    this.closed = true;
    this.onClose();
  }

  private tell(event: string, headers: Record<string, string>): void {
    this.wire.back(() => {
      if (!this.client.destroyed) this.client.emit(event, headers);
    });
  }
}
