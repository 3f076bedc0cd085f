import net from "node:net";

/** Longest wait for one answer: a server that moved away with its machine says nothing at all. */
const ANSWER_LIMIT_MS = 2_000;

interface Waiting {
  resolve(value: string | number | null): void;
  reject(error: Error): void;
}

/**
 * A Redis connection for the few commands we need (RESP2, https://redis.io/docs/reference/protocol-spec).
 * Connects when first used and again after a failure.
 */
export class Redis {
  private socket: net.Socket | undefined;
  private buffer = "";
  private waiting: Waiting[] = [];
  private readonly host: string;
  private readonly port: number;

  constructor(host: string, port = 6379) {
    this.host = host;
    this.port = port;
  }

  /** Rejects when the server cannot be reached, says no, or is silent for two seconds. */
  call(...args: (string | number)[]): Promise<string | number | null> {
    const socket = (this.socket ??= this.connect());
    const parts = args.map((arg) => `$${Buffer.byteLength(String(arg))}\r\n${arg}\r\n`);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.fail(socket, new Error("redis does not answer")), ANSWER_LIMIT_MS);
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          then(value);
        };
      this.waiting.push({ resolve: settle(resolve), reject: settle(reject) });
      socket.write(`*${parts.length}\r\n${parts.join("")}`);
    });
  }

  private connect(): net.Socket {
    const socket = net.connect({ host: this.host, port: this.port, noDelay: true });
    socket.setEncoding("utf8");
    socket.on("data", (text: unknown) => this.read(text as string));
    socket.on("error", (error) => this.fail(socket, error));
    socket.on("close", () => this.fail(socket, new Error("redis closed the connection")));
    return socket;
  }

  private fail(socket: net.Socket, error: Error): void {
    if (this.socket !== socket) return;
    this.socket = undefined;
    this.buffer = "";
    socket.destroy();
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }

  private read(text: string): void {
    this.buffer += text;
    for (let reply = parse(this.buffer); reply; reply = parse(this.buffer)) {
      this.buffer = this.buffer.slice(reply.length);
      const waiting = this.waiting.shift();
      if (reply.value instanceof Error) waiting?.reject(reply.value);
      else waiting?.resolve(reply.value);
    }
  }
}

/** One reply off the front of `text`; undefined while it is incomplete. Our values are ASCII, so lengths are characters. */
function parse(text: string): { value: string | number | null | Error; length: number } | undefined {
  const end = text.indexOf("\r\n");
  if (end < 0) return undefined;
  const line = text.slice(1, end);
  const length = end + 2;
  switch (text[0]) {
    case "+":
      return { value: line, length };
    case "-":
      return { value: new Error(line), length };
    case ":":
      return { value: Number(line), length };
    case "$": {
      const size = Number(line);
      if (size < 0) return { value: null, length };
      if (text.length < length + size + 2) return undefined;
      return { value: text.slice(length, length + size), length: length + size + 2 };
    }
    default:
      return { value: new Error(`unexpected reply: ${line}`), length };
  }
}
