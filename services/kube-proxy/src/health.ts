import http from "node:http";
import { rfc3339 } from "@flotilla/base";

export interface HealthFacts {
  healthy: boolean;
  lastUpdated_ms: number;
  now_ms: number;
  nodeEligible: boolean;
}

type Responder = (path: string) => Promise<{ code: number; type: string; body: string } | undefined>;

/** /healthz says whether traffic should come to this node, /livez whether the proxy works (KEP-3836). */
export function healthResponder(facts: () => HealthFacts): Responder {
  return async (path) => {
    if (path !== "/healthz" && path !== "/livez") return undefined;
    const { healthy, lastUpdated_ms, now_ms, nodeEligible } = facts();
    const ok = healthy && (path === "/livez" || nodeEligible);
    const times = { lastUpdated: rfc3339(lastUpdated_ms), currentTime: rfc3339(now_ms) };
    const body = JSON.stringify(path === "/healthz" ? { ...times, nodeEligible } : times);
    return { code: ok ? 200 : 503, type: "application/json", body };
  };
}

export function metricsResponder(render: () => Promise<string>): Responder {
  return async (path) => {
    if (path === "/metrics") return { code: 200, type: "text/plain; version=0.0.4", body: await render() };
    if (path === "/proxyMode") return { code: 200, type: "text/plain", body: "userspace" };
    if (path === "/healthz") return { code: 200, type: "text/plain", body: "ok" };
    return undefined;
  };
}

/** A small HTTP server; rejects when the address can't be bound. */
export function serve(bindAddress: string, responder: Responder): Promise<{ close(): void }> {
  const server = http.createServer(async (request, response) => {
    const answer = (await responder((request.url ?? "/").split("?")[0]!)) ?? {
      code: 404,
      type: "text/plain",
      body: "404 page not found\n",
    };
    response.writeHead(answer.code, { "content-type": answer.type, "x-content-type-options": "nosniff" }).end(answer.body);
  });
  const at = bindAddress.lastIndexOf(":");
  const host = bindAddress.slice(0, at).replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(Number(bindAddress.slice(at + 1)), host, () => {
      server.removeListener("error", reject);
      resolve({
        close() {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}
