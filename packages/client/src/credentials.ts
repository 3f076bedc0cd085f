import type { Clock } from "@flotilla/base";
import type { Credentials, ReadFile } from "./kubeconfig.ts";

/** client-go reads a token file again once a minute. */
const REREAD_MS = 60_000;

/** Returns the bearer token to send now, or undefined. A file that cannot be read keeps the last token. */
export function bearerToken(credentials: Credentials, ports: { clock: Clock; readFile: ReadFile }): () => string | undefined {
  if (credentials.kind === "none") return () => undefined;
  if (credentials.kind === "token") return () => credentials.token;
  let token: string | undefined;
  let readAt_ms = -Infinity;
  return () => {
    const now = ports.clock.monotonic();
    if (now - readAt_ms >= REREAD_MS) {
      try {
        token = ports.readFile(credentials.path).trim();
        readAt_ms = now;
      } catch (error) {
        if (token === undefined) throw error;
      }
    }
    return token;
  };
}
