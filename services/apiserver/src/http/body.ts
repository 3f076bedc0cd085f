import type { IncomingMessage } from "node:http";
import { apiError } from "@flotilla/api";

/** As upstream: an object must fit into the store's request limit. */
export const BODY_BYTES_MAX = 3 * 1024 * 1024;

/** The whole body. @throws ApiError RequestEntityTooLarge, BadRequest when the client breaks off. */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  if (request.method === "GET" || request.method === "HEAD") return Promise.resolve(Buffer.alloc(0));
  return new Promise((resolve, reject) => {
    const tooLarge = () => apiError("RequestEntityTooLarge", `Request entity too large: limit is ${BODY_BYTES_MAX}`);
    if (Number(request.headers["content-length"] ?? 0) > BODY_BYTES_MAX) {
      request.resume();
      reject(tooLarge());
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > BODY_BYTES_MAX) {
        chunks.length = 0;
        reject(tooLarge());
      } else chunks.push(chunk);
    });
    request.on("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.on("aborted", () => reject(apiError("BadRequest", "the request's body ended early")));
    request.on("error", reject);
  });
}
