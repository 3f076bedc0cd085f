import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";
import { promisify } from "node:util";
import { EndpointSlices, Services } from "@flotilla/api";
import { createClient, createInformerFactory, loadKubeconfig } from "@flotilla/client";
import { type FlagSpecs, runMain } from "@flotilla/process";
import { createProxy } from "./assemble.ts";
import { healthResponder, metricsResponder, serve } from "./health.ts";
import { createMetrics } from "./metrics.ts";
import { nodePortAddresses } from "./node-addresses.ts";
import { createSockets } from "./sockets.ts";

const FLAGS = {
  kubeconfig: { type: "string", default: "", help: "path to the kubeconfig with which to reach the API server" },
  "hostname-override": { type: "string", default: "", help: "the name of this node; default: the host name" },
  "cluster-cidr": { type: "string", default: "", help: "the range of pod addresses in the cluster" },
  "service-cluster-ip-range": {
    type: "string",
    default: "10.96.0.0/12",
    help: "the range of service addresses, made local to this machine at start (ip route replace local RANGE dev lo); empty: leave routes alone",
  },
  "nodeport-addresses": { type: "list", default: [], help: 'CIDRs of the addresses that serve node ports, or "primary"; empty: all' },
  "bind-address": { type: "string", default: "0.0.0.0", help: 'this node\'s address, where --nodeport-addresses is "primary"' },
  "healthz-bind-address": { type: "string", default: "0.0.0.0:10256", help: "where /healthz is served; empty: nowhere" },
  "metrics-bind-address": { type: "string", default: "127.0.0.1:10249", help: "where /metrics is served; empty: nowhere" },
  "proxy-mode": { type: "string", default: "userspace", help: "how services are proxied; userspace is the only one" },
  "min-sync-period": { type: "duration", default: 10, help: "changes that come this close together are applied together" },
  "sync-period": { type: "duration", default: 30_000, help: "how often everything is planned anew" },
} satisfies FlagSpecs;

const SUMMARY = "Serves the cluster's Services on this node: listens on their addresses and relays to their endpoints.";

await runMain("kube-proxy", SUMMARY, FLAGS, async (flags, ports) => {
  if (flags["proxy-mode"] !== "userspace")
    ports.log.warn("proxy mode is userspace, whatever the flag says", { asked: flags["proxy-mode"] });
  const range = flags["service-cluster-ip-range"];
  if (range) await makeLocal(range);
  const readFile = (path: string) => readFileSync(path, "utf8");
  const config = { ...loadKubeconfig(flags.kubeconfig, readFile), userAgent: "kube-proxy" };
  const client = createClient({ ...ports, readFile }, config);
  const informers = createInformerFactory({ ...ports, client });
  const metrics = createMetrics();
  const nodeName = flags["hostname-override"] || os.hostname();
  const proxy = createProxy(
    {
      ...ports,
      services: informers.informer(Services),
      slices: informers.informer(EndpointSlices),
      sockets: createSockets(ports.clock, metrics),
      metrics,
      nodePortAddresses: () =>
        nodePortAddresses(os.networkInterfaces(), {
          nodePortAddresses: flags["nodeport-addresses"],
          serviceCIDR: range || undefined,
          nodeIP: flags["bind-address"] === "0.0.0.0" ? undefined : flags["bind-address"],
        }),
    },
    { nodeName, minSyncPeriod_ms: flags["min-sync-period"], syncPeriod_ms: flags["sync-period"] },
  );
  const facts = () => ({
    healthy: proxy.lastSync_ms() > 0,
    lastUpdated_ms: proxy.lastSync_ms(),
    now_ms: ports.clock.now(),
    nodeEligible: true,
  });
  const servers: { close(): void }[] = [];
  if (flags["healthz-bind-address"]) servers.push(await serve(flags["healthz-bind-address"], healthResponder(facts)));
  if (flags["metrics-bind-address"]) {
    servers.push(
      await serve(
        flags["metrics-bind-address"],
        metricsResponder(() => metrics.registry.metrics()),
      ),
    );
  }
  const stopped = new AbortController();
  informers.start(stopped.signal);
  void proxy.start();
  return {
    async stop() {
      proxy.stop();
      stopped.abort();
      for (const server of servers) server.close();
      client.close();
    },
  };
});

/** Without iptables: once the range is local, every service address can be bound. */
async function makeLocal(range: string): Promise<void> {
  await promisify(execFile)("ip", ["route", "replace", "local", range, "dev", "lo"]);
}
