// Random bytes as a service: GET /32 answers 32 of them.
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { serve, sleep } from "../shared/serve.ts";

/** Pretended effort, so that there is something to watch. */
const EFFORT_MS = 100;
const LIMIT_BYTES = 65_536;

serve("rng", async (request) => {
  const size = /^\/(\d+)$/.exec(request.url ?? "")?.[1];
  if (size === undefined) return { type: "text/plain", body: `RNG running on ${hostname()}\n` };
  if (Number(size) > LIMIT_BYTES) return { code: 400, type: "text/plain", body: `at most ${LIMIT_BYTES} bytes\n` };
  await sleep(EFFORT_MS);
  return { type: "application/octet-stream", body: randomBytes(Number(size)) };
});
