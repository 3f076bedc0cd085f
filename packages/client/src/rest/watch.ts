import { ApiError, apiError } from "@flotilla/api";
import type { WatchEvent } from "../client.ts";
import { decode } from "../codec.ts";
import { decodeEvent } from "../watch-event.ts";
import { open, type RestPorts } from "./call.ts";
import { lines } from "./lines.ts";

/**
 * Servers send a bookmark about once a minute: silence for two means that the connection is dead
 * (a paused server, a cut cable), which TCP alone would not tell for hours.
 */
const SILENCE_MS = 120_000;

/** Streams one watch as newline-separated JSON, the REST API's form. */
export async function* restWatch<T>(ports: RestPorts, path: string, signal?: AbortSignal): AsyncGenerator<WatchEvent<T>> {
  // Stopping the iteration early must end the exchange, with or without a caller's signal.
  const own = new AbortController();
  const abort = () => own.abort();
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) own.abort();
  try {
    const response = await open(ports, { method: "GET", path, signal: own.signal }, SILENCE_MS);
    for await (const line of lines(response.body)) {
      const event = decode<{ type: string; object: unknown }>(line);
      yield decodeEvent<T>(event.type, event.object);
    }
  } catch (error) {
    if (signal?.aborted) return;
    if (error instanceof ApiError) throw error;
    throw apiError("ServiceUnavailable", (error as Error).message);
  } finally {
    signal?.removeEventListener("abort", abort);
    own.abort();
  }
}
