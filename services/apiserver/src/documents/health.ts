import type { Reply } from "../request/call.ts";

export interface HealthCheck {
  name: string;
  /** Which of the three endpoints ask for it. */
  on: readonly ("healthz" | "livez" | "readyz")[];
  /** undefined when well, else what is wrong. */
  check(): string | undefined;
}

/** /readyz, /readyz?verbose, /readyz/NAME, ?exclude=NAME, as upstream writes them. */
export function healthReply(path: string, checks: readonly HealthCheck[], query: URLSearchParams): Reply {
  const [, endpoint, only] = path.split("/") as [string, HealthCheck["on"][number], string?];
  const excluded = query.getAll("exclude");
  const chosen = checks.filter(({ name, on }) => on.includes(endpoint) && (only ? name === only : !excluded.includes(name)));
  if (only && chosen.length === 0) return text(404, `${path} not found`);
  const results = chosen.map(({ name, check }) => ({ name, fault: check() }));
  const failed = results.some(({ fault }) => fault !== undefined);
  if (!failed && !query.has("verbose")) return text(200, "ok");
  const lines = results.map(({ name, fault }) => (fault === undefined ? `[+]${name} ok` : `[-]${name} failed: ${fault}`));
  return text(failed ? 500 : 200, `${lines.join("\n")}\n${endpoint} check ${failed ? "failed" : "passed"}\n`);
}

const text = (code: number, body: string): Reply => ({
  type: "document",
  code,
  contentType: "text/plain; charset=utf-8",
  body,
  headers: { "X-Content-Type-Options": "nosniff" },
});
