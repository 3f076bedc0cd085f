import { readFileSync } from "node:fs";
import http from "node:http";
import { type ClientConfig, createClient, createInformerFactory, inClusterConfig, loadKubeconfig } from "@flotilla/client";
import { type FlagSpecs, runMain } from "@flotilla/process";
import { createDns } from "./assemble.ts";
import { clusterInformers } from "./cluster-facts.ts";
import { createMetrics } from "./metrics.ts";
import { nameServersOf, withPort } from "./resolv-conf.ts";
import { listen } from "./server.ts";
import { createExchange } from "./upstream.ts";

const FLAGS = {
  kubeconfig: { type: "string", default: "", help: "path to the kubeconfig; empty: the pod's own service account" },
  server: { type: "string", default: "https://10.96.0.1", help: "API server, where no kubeconfig is given" },
  domain: { type: "string", default: "cluster.local", help: "the cluster's domain" },
  ttl: { type: "int", default: 30, help: "TTL of the cluster's records in seconds" },
  "bind-address": { type: "list", default: ["0.0.0.0"], help: "addresses to listen on" },
  port: { type: "int", default: 53, help: "port to listen on, UDP and TCP" },
  upstream: { type: "list", default: [], help: "servers for all other names, host or host:port; default: those of --resolv-conf" },
  "resolv-conf": { type: "string", default: "/etc/resolv.conf", help: "where the upstream servers are read from" },
  "health-port": { type: "int", default: 8080, help: "port of /health; 0: none" },
  "ready-port": { type: "int", default: 8181, help: "port of /ready; 0: none" },
  "metrics-port": { type: "int", default: 9153, help: "port of /metrics; 0: none" },
} satisfies FlagSpecs;

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
const readFile = (path: string) => readFileSync(path, "utf8");

await runMain("dns", "Answers DNS for the cluster's services and pods, and forwards every other name.", FLAGS, async (flags, ports) => {
  const { log, clock } = ports;
  const client = createClient({ ...ports, readFile }, { ...clientConfig(flags.kubeconfig, flags.server), userAgent: "dns" });
  const factory = createInformerFactory({ ...ports, client });
  const informers = clusterInformers(factory);
  const metrics = createMetrics();
  const addresses = [...new Set(flags["bind-address"])];
  const upstreams = flags.upstream.length > 0 ? flags.upstream.map(withPort) : systemServers(flags["resolv-conf"], addresses);
  const config = { domain: flags.domain, ttl_seconds: flags.ttl, upstreams };
  const dns = createDns({ ...ports, informers, metrics, exchange: createExchange(clock) }, config);
  const stopped = new AbortController();
  factory.start(stopped.signal);
  const closers: (() => unknown)[] = [
    await page(flags["health-port"], "/health", async () => [200, "OK"]),
    await page(flags["ready-port"], "/ready", async () => (dns.ready() ? [200, "OK"] : [503, "kubernetes"])),
    await page(flags["metrics-port"], "/metrics", async () => [200, await metrics.registry.metrics()]),
  ];
  // Listening first would answer NXDOMAIN for names that are there.
  void dns.synced().then(async () => {
    if (stopped.signal.aborted) return;
    for (const address of addresses) closers.push((await listen(dns.handle, address, flags.port, { clock, log })).close);
    log.info("serving", { domain: flags.domain, addresses, port: flags.port, upstreams });
  });
  return {
    async stop() {
      stopped.abort();
      await Promise.all(closers.map((close) => close()));
      client.close();
    },
  };
});

function clientConfig(kubeconfig: string, server: string): ClientConfig {
  if (kubeconfig) return loadKubeconfig(kubeconfig, readFile);
  return inClusterConfig({ readFile }, { server, caFile: `${SERVICE_ACCOUNT}/ca.crt`, tokenFile: `${SERVICE_ACCOUNT}/token` });
}

function systemServers(path: string, own: string[]): string[] {
  try {
    return nameServersOf(readFile(path), own);
  } catch {
    return []; // no such file: every foreign name is SERVFAIL
  }
}

/** One page on one port; returns how to close it. */
async function page(port: number, path: string, answer: () => Promise<[number, string]>): Promise<() => void> {
  if (port === 0) return () => {};
  const server = http.createServer(async (request, response) => {
    const [code, body] = request.url === path ? await answer() : [404, "404 page not found\n"];
    response.writeHead(code, { "content-type": "text/plain; charset=utf-8" }).end(body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, () => resolve());
  });
  return () => {
    server.close();
    server.closeAllConnections();
  };
}
