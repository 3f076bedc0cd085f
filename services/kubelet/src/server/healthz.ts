import { createServer, type Server } from "node:http";

/** GET /healthz (and /livez, /readyz): "ok", or 500 with what is wrong. Resolves with the port. */
export function startHealthz(address: string, port: number, healthy: () => boolean): Promise<{ port: number; stop(): void }> {
  const server: Server = createServer((request, response) => {
    const path = request.url?.split("?")[0];
    if (path !== "/healthz" && path !== "/livez" && path !== "/readyz") {
      response.writeHead(404).end("404 page not found\n");
      return;
    }
    const ok = healthy();
    response.writeHead(ok ? 200 : 500, { "content-type": "text/plain; charset=utf-8" });
    response.end(ok ? "ok" : "[-]container runtime does not answer\nhealthz check failed\n");
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, () => {
      const bound = server.address();
      resolve({
        port: typeof bound === "object" && bound ? bound.port : port,
        stop() {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}
