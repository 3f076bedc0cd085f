import type { Reply } from "../request/call.ts";
import { noSuchPath } from "../request/errors.ts";

export interface HealthCheck {
  name: string;
  /** Which of the three endpoints ask for it. */
  on: readonly ("healthz" | "livez" | "readyz")[];
  /** undefined when well, else what is wrong. */
  check(): string | undefined;
}

/** /readyz, /readyz?verbose, /readyz/NAME, ?exclude=NAME, as upstream writes them. */
export function healthReply(path: string, checks: readonly HealthCheck[], query: URLSearchParams): Reply {
  const [, endpoint, ...rest] = path.split("/") as [string, HealthCheck["on"][number], ...string[]];
  const present = checks.filter(({ on }) => on.includes(endpoint));
  if (rest.length > 0) return oneCheck(present.find(({ name }) => name === rest.join("/")));
  const unknown = new Set(query.getAll("exclude"));
  const lines: string[] = [];
  let failed = false;
  for (const { name, check } of present) {
    if (unknown.delete(name)) lines.push(`[+]${name} excluded: ok`);
    else if (check() === undefined) lines.push(`[+]${name} ok`);
    else {
      failed = true;
      // The page is for everybody: why, only /readyz/NAME says.
      lines.push(`[-]${name} failed: reason withheld`);
    }
  }
  if (unknown.size > 0) {
    const names = [...unknown].sort().map((name) => JSON.stringify(name));
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names.join(", ")}`);
  }
  if (!failed && !query.has("verbose")) return text(200, "ok", NO_SNIFFING);
  return text(failed ? 500 : 200, `${lines.join("\n")}\n${endpoint} check ${failed ? "failed" : "passed"}\n`, NO_SNIFFING);
}

function oneCheck(found: HealthCheck | undefined): Reply {
  if (!found) throw noSuchPath();
  const fault = found.check();
  return fault === undefined ? text(200, "ok") : text(500, `internal server error: ${fault}\n`, NO_SNIFFING);
}

const NO_SNIFFING = { "X-Content-Type-Options": "nosniff" };

const text = (code: number, body: string, headers: Record<string, string> = {}): Reply => ({
  type: "document",
  code,
  contentType: "text/plain; charset=utf-8",
  body,
  headers,
});
