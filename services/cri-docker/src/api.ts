import { CriError, criErrors } from "@flotilla/cri";
import Docker from "dockerode";

/** The Docker API version this is written against (Docker 20.10). */
const API_VERSION = "v1.41";
const NOT_FOUND = 5; // gRPC code

export function connectDocker(endpoint: string): Docker {
  const unix = /^unix:\/\/(.*)$/.exec(endpoint);
  if (unix) return new Docker({ socketPath: unix[1], version: API_VERSION });
  const tcp = /^(?:tcp|http):\/\/([^:/]+):(\d+)$/.exec(endpoint);
  if (tcp) return new Docker({ host: tcp[1]!, port: Number(tcp[2]), version: API_VERSION });
  throw criErrors.invalid(`--docker-endpoint takes unix:///path or tcp://host:port, not ${JSON.stringify(endpoint)}`);
}

/** The HTTP status of a refusal by the daemon. */
export function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number }).statusCode;
}

/** The daemon's own words, as the docker command prints them. */
export function daemonMessage(error: unknown): string {
  const { json, message } = error as { json?: { message?: string }; message?: string };
  const text = json?.message ?? message ?? String(error);
  return text.replace(/^\(HTTP code \d+\) [^-]*- /, "").trim();
}

/** Runs a call to the daemon; a refusal becomes a CriError with the daemon's message. */
export async function daemon<T>(what: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof CriError) throw error;
    if (statusOf(error) === 404) throw new CriError(NOT_FOUND, `${what}: ${daemonMessage(error)}`);
    throw criErrors.failed(what, `Error response from daemon: ${daemonMessage(error)}`);
  }
}

/** For idempotent calls: "not there" and "already so" are success. */
export async function quietly(call: Promise<unknown>, allowed = [304, 404]): Promise<void> {
  await call.catch((error) => {
    if (!allowed.includes(statusOf(error) ?? 0)) throw error;
  });
}
