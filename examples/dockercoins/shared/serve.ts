import http from "node:http";

export type Handler = (request: http.IncomingMessage, body: Buffer) => Promise<{ type: string; body: string | Buffer; code?: number }>;

/** Longest request body taken, in bytes. */
const BODY_LIMIT_BYTES = 1 << 20;
const PORT = Number(process.env["PORT"] || 80);

/** An HTTP server on $PORT (80) that ends at SIGTERM, as the first process of a container must by itself. */
export function serve(name: string, handle: Handler): void {
  const server = http.createServer(async (request, response) => {
    try {
      const answer = await handle(request, await readBody(request));
      response.writeHead(answer.code ?? 200, { "content-type": answer.type }).end(answer.body);
    } catch (error) {
      response.writeHead(500, { "content-type": "text/plain" }).end(`${(error as Error).message}\n`);
    }
  });
  server.listen(PORT, () => console.log(`${name} listens on port ${PORT}`));
  endOnSignal(() => server.close(() => process.exit(0)));
}

/** How long requests under way may take to finish once we were told to end. */
const GRACE_MS = 2_000;

export function endOnSignal(close: () => void): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      setTimeout(() => process.exit(0), GRACE_MS).unref();
      close();
    });
  }
}

async function readBody(request: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > BODY_LIMIT_BYTES) throw new Error("the body is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export const sleep = (delay_ms: number) => new Promise<void>((resolve) => setTimeout(resolve, delay_ms));
