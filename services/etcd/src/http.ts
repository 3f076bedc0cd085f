import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { ALARM_NAMES, CORRUPT } from "./node/machine.ts";
import type { Replica } from "./node/replica.ts";
import { CLUSTER_VERSION, SERVER_VERSION } from "./version.ts";

const HEALTH_TIMEOUT_MS = 1000;
/** etcd's answer to browsers, with its default of `--cors '*'`. */
const CORS = {
  "access-control-allow-headers": "accept, content-type, authorization",
  "access-control-allow-methods": "POST, GET, OPTIONS, PUT, DELETE",
  "access-control-allow-origin": "*",
};

export interface HttpPorts {
  readonly replica: Replica;
  readonly metrics: () => string;
  readonly after: (fn: () => void, ms: number) => { cancel(): void };
  readonly checked: (healthy: boolean) => void;
}

/** One thing that must hold; undefined, or why it does not. */
type Check = { name: string; run: (done: (problem: string | undefined) => void) => void };

/** /health, /livez, /readyz, /version and /metrics, as on etcd's client and metrics URLs. */
export function httpApi(ports: HttpPorts): RequestListener {
  const { replica } = ports;
  const checks = checksOf(ports);
  return (request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    switch (url.pathname) {
      case "/version":
        return onGet(request, response, () => json(response, 200, { etcdserver: SERVER_VERSION, etcdcluster: CLUSTER_VERSION }));
      case "/metrics":
        return onGet(request, response, () => send(response, 200, "text/plain; version=0.0.4; charset=utf-8", ports.metrics()));
      case "/health":
        return onGet(request, response, () => health(url.searchParams, response));
      case "/livez":
        return onGet(request, response, () => probe("livez", [checks.serializable], url.searchParams, response));
      case "/readyz":
        return onGet(request, response, () =>
          probe("readyz", [checks.corruption, checks.serializable, checks.linearizable], url.searchParams, response),
        );
      default:
        return send(response, 404, "text/plain; charset=utf-8", "404 page not found\n");
    }
  };

  /** Healthy: no alarm but excluded ones, a leader, and a read that comes back in time. */
  function health(query: URLSearchParams, response: ServerResponse): void {
    const answer = (reason: string) => {
      ports.checked(reason === "");
      json(response, reason ? 503 : 200, { health: reason ? "false" : "true", reason });
    };
    const excluded = new Set(query.getAll("exclude"));
    for (const set of replica.machine.alarms.values()) {
      for (const alarm of set) if (!excluded.has(ALARM_NAMES[alarm]!)) return answer(`ALARM ${ALARM_NAMES[alarm]}`);
    }
    const serializable = query.get("serializable") === "true";
    if (!serializable && replica.node.leader === 0) return answer("RAFT NO LEADER");
    (serializable ? checks.serializable : checks.linearizable).run((problem) => answer(problem ? `QGET ERROR:${problem}` : ""));
  }
}

function checksOf({ replica, after }: HttpPorts): Record<"corruption" | "serializable" | "linearizable", Check> {
  return {
    corruption: {
      name: "data_corruption",
      run: (done) => done(replica.machine.hasAlarm(CORRUPT) ? "alarm activated: CORRUPT" : undefined),
    },
    // The process answers, so it can read what it has.
    serializable: { name: "serializable_read", run: (done) => done(undefined) },
    linearizable: {
      name: "linearizable_read",
      run(done) {
        let over = false;
        const finish = (problem: string | undefined) => {
          if (over) return;
          over = true;
          timer.cancel();
          done(problem);
        };
        const timer = after(() => finish("context deadline exceeded"), HEALTH_TIMEOUT_MS);
        replica.linearizable((error) => finish(error?.message));
      },
    },
  };
}

/** Runs checks one by one; tells of each with `?verbose` and when one fails. */
function probe(
  name: string,
  checks: Check[],
  query: URLSearchParams,
  response: ServerResponse,
  lines: string[] = [],
  failed = false,
): void {
  const excluded = query.getAll("exclude");
  const [check, ...rest] = checks.filter((c) => !excluded.includes(c.name));
  if (!check) {
    const shown = failed || query.has("verbose") ? lines.join("") : "";
    return send(response, failed ? 503 : 200, "text/plain; charset=utf-8", `${shown}${failed ? `${name} check failed\n` : "ok\n"}`);
  }
  check.run((problem) => {
    lines.push(problem === undefined ? `[+]${check.name} ok\n` : `[-]${check.name} failed: ${problem}\n`);
    probe(name, rest, query, response, lines, failed || problem !== undefined);
  });
}

function onGet(request: IncomingMessage, response: ServerResponse, answer: () => void): void {
  if (request.method === "GET") return answer();
  response.setHeader("allow", "GET");
  send(response, 405, "text/plain; charset=utf-8", "Method Not Allowed\n");
}

function json(response: ServerResponse, code: number, body: object): void {
  send(response, code, "application/json", JSON.stringify(body));
}

function send(response: ServerResponse, code: number, type: string, body: string): void {
  response.writeHead(code, { ...CORS, "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
