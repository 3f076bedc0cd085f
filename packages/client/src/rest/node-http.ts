import http from "node:http";
import https from "node:https";
import type { TlsConfig } from "../kubeconfig.ts";
import type { HttpPort, HttpRequest, HttpResponse } from "./http-port.ts";

/** Sockets kept open to one API server; a component rarely has more calls under way. */
const MAX_SOCKETS = 64;
/** TCP keep-alive probes, so that a watch notices a machine that is gone. */
const KEEP_ALIVE_MS = 5_000;

/** HttpPort over node:http(s) with connection reuse. */
export function createNodeHttp(server: string, tls: TlsConfig): HttpPort {
  const base = new URL(server);
  const secure = base.protocol === "https:";
  const common = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxSockets: MAX_SOCKETS };
  const agent = secure ? new https.Agent({ ...common, ...tlsOptions(tls) }) : new http.Agent(common);
  return {
    request: (request) => send(base, secure ? https.request : http.request, agent, request),
    close: () => agent.destroy(),
  };
}

function tlsOptions(tls: TlsConfig): https.AgentOptions {
  return {
    ca: tls.ca,
    cert: tls.cert,
    key: tls.key,
    rejectUnauthorized: !tls.insecureSkipVerify,
    ...(tls.serverName ? { servername: tls.serverName } : {}),
  };
}

function send(base: URL, open: typeof http.request, agent: http.Agent, request: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = open(
      {
        hostname: base.hostname.replace(/^\[|\]$/g, ""),
        port: base.port,
        path: base.pathname.replace(/\/$/, "") + request.path,
        method: request.method,
        headers: { ...request.headers, ...(request.body ? { "content-length": request.body.byteLength } : {}) },
        agent,
        timeout: request.timeout_ms,
        signal: request.signal,
      },
      (response) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response }),
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${request.timeout_ms} ms`)));
    outgoing.on("error", reject);
    outgoing.end(request.body);
  });
}
