// Hashes as a service: POST / answers the SHA-256 of the body in hex.
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { serve, sleep } from "../shared/serve.ts";

const EFFORT_MS = 100;

serve("hasher", async (request, body) => {
  if (request.method !== "POST") return { type: "text/plain", body: `HASHER running on ${hostname()}\n` };
  await sleep(EFFORT_MS);
  return { type: "text/plain", body: createHash("sha256").update(body).digest("hex") };
});
