import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { ApiError, apiError, type Status } from "@flotilla/api";
import type { Logger } from "@flotilla/base";

const gzipAsync = promisify(gzip);
/** Below this, compressing costs more than sending (upstream's own bound). */
const GZIP_BYTES_MIN = 128 * 1024;

/** Sends one whole body; big ones compressed where the client takes it. */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  code: number,
  contentType: string,
  body: Buffer | string,
  headers: Record<string, string | string[]> = {},
): Promise<void> {
  let bytes = typeof body === "string" ? Buffer.from(body) : body;
  const all: Record<string, string | number | string[]> = { "Content-Type": contentType, "Cache-Control": "no-cache, private", ...headers };
  if (bytes.length >= GZIP_BYTES_MIN && /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""))) {
    bytes = await gzipAsync(bytes, { level: constants.Z_BEST_SPEED });
    all["Content-Encoding"] = "gzip";
    all["Vary"] = "Accept-Encoding";
  }
  if (response.destroyed || response.headersSent) return;
  all["Content-Length"] = bytes.length;
  response.writeHead(code, all);
  response.end(request.method === "HEAD" ? undefined : bytes);
}

/** The Status for whatever was thrown; what is not an ApiError is a fault of ours and is logged. */
export function statusOf(error: unknown, log: Logger): Status {
  if (error instanceof ApiError) return error.status;
  const { code, details, message } = error as { code?: number; details?: string; message?: string };
  // The store could not be asked (gRPC's UNAVAILABLE and DEADLINE_EXCEEDED): not our fault, and worth another try.
  if (code === 14 || code === 4)
    return apiError("ServiceUnavailable", `the store does not answer: ${details}`, { retryAfterSeconds: 1 }).status;
  // Only what a client sends nests that deep.
  if (error instanceof RangeError && /call stack/.test(error.message)) {
    return apiError("BadRequest", "the object provided is unrecognized (it is nested too deeply)").status;
  }
  log.error("request failed", { error });
  return apiError("InternalError", `Internal error occurred: ${message ?? String(error)}`).status;
}

export function statusHeaders(status: Status): Record<string, string> {
  const seconds = status.details?.retryAfterSeconds;
  return seconds === undefined ? {} : { "Retry-After": String(seconds) };
}

/** Warning headers as kubectl reads them: code 299, an agent, quoted text. */
export function warningHeaders(warnings: readonly string[]): Record<string, string[]> {
  if (warnings.length === 0) return {};
  const lines = [...new Set(warnings)].map((text) => `299 - "${text.replace(/[^\x20-\x7e]/g, "?").replace(/(["\\])/g, "\\$1")}"`);
  return { Warning: lines };
}
