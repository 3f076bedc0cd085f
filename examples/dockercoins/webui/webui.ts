// Shows the speed: a page with a moving graph, and its figures as JSON.
import { Redis } from "../shared/redis.ts";
import { serve, sleep } from "../shared/serve.ts";
import { PAGE } from "./page.ts";

interface Sample {
  coins: number;
  hashes: number;
  /** Seconds since the epoch. */
  now: number;
}

const redis = new Redis(process.env["REDIS_HOST"] || "redis");
const SAMPLE_MS = 1_000;
const HISTORY = 120;
const history: Sample[] = [];

async function sample(): Promise<Sample> {
  const [coins, hashes] = await Promise.all([redis.call("HLEN", "wallet"), redis.call("GET", "hashes")]);
  return { coins: Number(coins), hashes: Number(hashes ?? 0), now: Date.now() / 1000 };
}

serve("webui", async (request) => {
  const path = (request.url ?? "/").split("?")[0];
  if (path === "/json") return { type: "application/json", body: JSON.stringify(await sample()) };
  if (path === "/history") return { type: "application/json", body: JSON.stringify(history) };
  if (path === "/" || path === "/index.html") return { type: "text/html; charset=utf-8", body: PAGE };
  return { code: 404, type: "text/plain", body: "not found\n" };
});

// A page that is opened late shows the last two minutes all the same.
for (;;) {
  try {
    history.push(await sample());
    if (history.length > HISTORY) history.shift();
  } catch (error) {
    console.error(`redis: ${(error as Error).message}`);
  }
  await sleep(SAMPLE_MS);
}
