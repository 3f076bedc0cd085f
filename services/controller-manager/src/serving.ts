import https from "node:https";

export interface ServingOptions {
  address: string;
  port: number;
  cert: string; // PEM
  key: string; // PEM
  metrics(): Promise<string>;
}

/** https with /healthz, /livez, /readyz and /metrics. Resolves when it listens. */
export function serveSecure(options: ServingOptions): Promise<{ close(): void }> {
  const server = https.createServer({ cert: options.cert, key: options.key }, async (request, response) => {
    const path = (request.url ?? "/").split("?")[0]!;
    const reply = (code: number, body: string) => response.writeHead(code, { "content-type": "text/plain; charset=utf-8" }).end(body);
    if (/^\/(healthz|livez|readyz)(\/|$)/.test(path)) return reply(200, "ok");
    if (path === "/metrics") return reply(200, await options.metrics());
    return reply(404, "404 page not found\n");
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.address, () => {
      resolve({
        close() {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}
