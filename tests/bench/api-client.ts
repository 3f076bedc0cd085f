// A small HTTP/1.1 client over kept-alive TLS connections: one request at a time each. A load
// generator shares the machine with what it measures, so it must cost little itself.
import { connect, type TLSSocket } from "node:tls";

export interface Identity {
  ca: Buffer;
  cert: Buffer;
  key: Buffer;
}

const HEAD_END = Buffer.from("\r\n\r\n");
/** How a chunked body ends; JSON cannot contain it. */
const CHUNKS_END = Buffer.from("\r\n0\r\n\r\n");

/** One connection. Replies' bodies are counted and dropped unless asked for. */
export class Connection {
  private readonly socket: TLSSocket;
  private readonly host: string;
  private pending: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | undefined;
  private chunks: Buffer[] = [];
  private size = 0;
  /** Bytes that the reply has, once its head was read; Infinity for a chunked one. */
  private wanted = 0;
  private bodyAt = 0;
  private status = 0;

  private constructor(socket: TLSSocket, host: string) {
    this.socket = socket;
    this.host = host;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.read(chunk));
    const fail = (error: Error) => this.pending?.reject(error);
    socket.on("error", fail);
    socket.on("close", () => fail(new Error("the server closed the connection")));
  }

  static open(port: number, identity: Identity): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port, ...identity, ALPNProtocols: ["http/1.1"] }, () =>
        resolve(new Connection(socket, `127.0.0.1:${port}`)),
      );
      socket.on("error", reject);
    });
  }

  /** Rejects when the answer is no 2xx. */
  send(method: string, path: string, body?: string, contentType = "application/json"): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.pending = {
        resolve: (reply) => (reply.status < 300 ? resolve(reply) : reject(new Error(`${method} ${path}: ${reply.status} ${reply.body()}`))),
        reject,
      };
      const head = `${method} ${path} HTTP/1.1\r\nHost: ${this.host}\r\nAccept: application/json\r\nUser-Agent: bench/1\r\n`;
      this.socket.write(
        body === undefined
          ? `${head}\r\n`
          : `${head}Content-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    });
  }

  close(): void {
    this.pending = undefined;
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    if (this.wanted === 0) this.readHead();
    if (this.wanted === 0 || (this.size < this.wanted && !this.lastChunkCame())) return;
    const { chunks, bodyAt, status } = this;
    const pending = this.pending;
    this.chunks = [];
    this.size = 0;
    this.wanted = 0;
    this.pending = undefined;
    pending?.resolve({ status, body: () => Buffer.concat(chunks).subarray(bodyAt).toString() });
  }

  private lastChunkCame(): boolean {
    if (this.wanted !== Number.POSITIVE_INFINITY) return false;
    const last = this.chunks.at(-1)!;
    const tail = last.length >= CHUNKS_END.length || this.chunks.length === 1 ? last : Buffer.concat(this.chunks.slice(-3));
    return tail.subarray(-CHUNKS_END.length).equals(CHUNKS_END);
  }

  private readHead(): void {
    const bytes = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) return;
    const head = bytes.toString("latin1", 0, end);
    const length = /content-length: (\d+)/i.exec(head);
    this.status = Number(head.slice(9, 12));
    this.bodyAt = end + HEAD_END.length;
    this.wanted = length ? this.bodyAt + Number(length[1]) : Number.POSITIVE_INFINITY;
  }
}

export interface Reply {
  status: number;
  body(): string;
}

/** Calls go to whichever connection is free; there must be no more callers than connections. */
export class Pool {
  private readonly free: Connection[];

  private constructor(connections: Connection[]) {
    this.free = connections;
  }

  /** `size` connections, spread over the ports in turn. */
  static async open(ports: readonly number[], identity: Identity, size: number): Promise<Pool> {
    return new Pool(await Promise.all(Array.from({ length: size }, (_, i) => Connection.open(ports[i % ports.length]!, identity))));
  }

  async send(method: string, path: string, body?: object, contentType?: string): Promise<Reply> {
    const connection = this.free.shift();
    if (!connection) throw new Error("more calls at a time than connections");
    try {
      return await connection.send(method, path, body === undefined ? undefined : JSON.stringify(body), contentType);
    } finally {
      this.free.push(connection);
    }
  }

  close(): void {
    for (const connection of this.free) connection.close();
  }
}
