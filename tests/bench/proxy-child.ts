// kube-proxy's listeners without an API server: one rule, from the command line.
import { silentLogger } from "@flotilla/base";
import { Listeners } from "@flotilla/kube-proxy/listeners.ts";
import { createMetrics } from "@flotilla/kube-proxy/metrics.ts";
import { createSockets } from "@flotilla/kube-proxy/sockets.ts";
import { systemClock, systemRandom } from "@flotilla/process";

const [port, backend] = process.argv.slice(2) as [string, string];
const listeners = new Listeners(createSockets(systemClock, createMetrics()), {
  clock: systemClock,
  random: systemRandom,
  log: silentLogger,
});
const key = `TCP 127.0.0.1:${port}`;
listeners.sync(new Map([[key, { key, protocol: "TCP", address: "127.0.0.1", port: Number(port), service: "bench", backends: [backend] }]]));
