import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Replica } from "./node/replica.ts";
import { CLUSTER_VERSION, SERVER_VERSION } from "./version.ts";

const HEALTH_TIMEOUT_MS = 1000;

/** /health, /livez, /readyz, /version and /metrics, as on etcd's client and metrics URLs. */
export function httpApi(
  replica: Replica,
  metrics: () => string,
  after: (fn: () => void, ms: number) => { cancel(): void },
): RequestListener {
  return (request, response) => {
    const path = (request.url ?? "/").split("?")[0];
    if (path === "/version") return json(response, 200, { etcdserver: SERVER_VERSION, etcdcluster: CLUSTER_VERSION });
    if (path === "/metrics") return send(response, 200, "text/plain; version=0.0.4", metrics());
    if (path === "/health" || path === "/readyz") return health(request, response);
    if (path === "/livez") return send(response, 200, "text/plain", "ok\n");
    send(response, 404, "text/plain", "404 page not found\n");
  };

  /** Healthy: no alarm, and a read that needs a quorum comes back in time. */
  function health(request: IncomingMessage, response: ServerResponse): void {
    if (replica.machine.alarms.size > 0) return json(response, 503, { health: "false", reason: "ALARM" });
    if (request.url?.includes("serializable=true")) return json(response, 200, { health: "true", reason: "" });
    let done = false;
    const answer = (reason: string) => {
      if (done) return;
      done = true;
      timer.cancel();
      json(response, reason ? 503 : 200, { health: reason ? "false" : "true", reason });
    };
    const timer = after(() => answer("QGET ERROR:context deadline exceeded"), HEALTH_TIMEOUT_MS);
    replica.linearizable((error) => answer(error ? `QGET ERROR:${error.message}` : ""));
  }
}

function json(response: ServerResponse, code: number, body: object): void {
  send(response, code, "application/json", JSON.stringify(body));
}

function send(response: ServerResponse, code: number, type: string, body: string): void {
  response.writeHead(code, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
