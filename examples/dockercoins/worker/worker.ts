// Mines: random bytes from rng, their hash from hasher; a hash that starts with 0 is a coin. Counts in Redis.
import http from "node:http";
import { Redis } from "../shared/redis.ts";
import { endOnSignal, sleep } from "../shared/serve.ts";

const RNG = process.env["RNG_URL"] || "http://rng";
const HASHER = process.env["HASHER_URL"] || "http://hasher";
const redis = new Redis(process.env["REDIS_HOST"] || "redis");

/** With rng and hasher taking 100 ms each, a quarter second for one unit of work. */
const PAUSE_MS = 50;
const REPORT_MS = 1_000;
const RETRY_MS = 1_000;
const ANSWER_LIMIT_MS = 3_000;

/** One request on a connection of its own, so that a service's endpoints take turns. */
function ask(method: "GET" | "POST", url: string, body?: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
    const request = http.request(url, { method, agent: false, signal }, async (response) => {
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        if (response.statusCode === 200) resolve(Buffer.concat(chunks));
        else reject(new Error(`${url} answered ${response.statusCode}`));
      } catch (error) {
        reject(error);
      }
    });
    request.on("error", (error) => {
      reject(new Error(signal.aborted ? `${url} did not answer in ${ANSWER_LIMIT_MS / 1000} s` : `${url}: ${error.message}`));
    });
    request.end(body);
  });
}

async function workOnce(): Promise<void> {
  const bytes = await ask("GET", `${RNG}/32`);
  const hash = (await ask("POST", HASHER, bytes)).toString();
  if (hash.startsWith("0")) {
    await redis.call("HSET", "wallet", hash, bytes.toString("hex"));
    console.log(`coin found: ${hash.slice(0, 8)}…`);
  }
  await sleep(PAUSE_MS);
}

async function mine(): Promise<never> {
  let units = 0;
  let reported = performance.now();
  for (;;) {
    try {
      await workOnce();
      units++;
      if (performance.now() - reported < REPORT_MS) continue;
      await redis.call("INCRBY", "hashes", units);
      console.log(`${units} units of work done, updating hash counter`);
      units = 0;
      reported = performance.now();
    } catch (error) {
      console.error(`in work loop: ${(error as Error).message}`);
      await sleep(RETRY_MS);
    }
  }
}

endOnSignal(() => process.exit(0));
await mine();
