import { readFileSync } from "node:fs";
import os from "node:os";
import { uuid } from "@flotilla/base";
import {
  createClient,
  createEventRecorder,
  createInformerFactory,
  electionConfig,
  LeaderElector,
  leaderElectionFlags,
  loadKubeconfig,
} from "@flotilla/client";
import { createAuthority, issue, type KeyPair } from "@flotilla/pki";
import { type BasePorts, type FlagSpecs, runMain } from "@flotilla/process";
import { createScheduler } from "./assemble.ts";
import { serveSecure } from "./serving.ts";

const FLAGS = {
  kubeconfig: { type: "string", default: "", help: "path to the kubeconfig with which to reach the API server" },
  "authentication-kubeconfig": { type: "string", default: "", help: "taken for compatibility; unused" },
  "authorization-kubeconfig": { type: "string", default: "", help: "taken for compatibility; unused" },
  "scheduler-name": { type: "string", default: "default-scheduler", help: "pods whose spec.schedulerName is this are ours" },
  "bind-address": { type: "string", default: "0.0.0.0", help: "where to serve https" },
  "secure-port": { type: "int", default: 10259, help: "port of /healthz and /metrics over https; 0: none" },
  "tls-cert-file": { type: "string", default: "", help: "certificate for https; default: one made at start" },
  "tls-private-key-file": { type: "string", default: "", help: "its key" },
  ...leaderElectionFlags("kube-scheduler"),
} satisfies FlagSpecs;

const readFile = (path: string) => readFileSync(path, "utf8");

await runMain("kube-scheduler", "Chooses a node for every pod that has none.", FLAGS, async (flags, ports) => {
  const config = { ...loadKubeconfig(flags.kubeconfig, readFile), userAgent: "kube-scheduler" };
  const client = createClient({ ...ports, readFile }, config);
  const informers = createInformerFactory({ ...ports, client });
  const recorder = createEventRecorder({ ...ports, client }, { component: flags["scheduler-name"] });
  const scheduler = createScheduler({ ...ports, client, informers, recorder }, { schedulerName: flags["scheduler-name"] });
  const stopped = new AbortController();
  const pair = servingPair(flags["tls-cert-file"], flags["tls-private-key-file"], ports);
  const metrics = () => scheduler.registry.metrics();
  const server =
    flags["secure-port"] === 0
      ? undefined
      : await serveSecure({ ...pair, address: flags["bind-address"], port: flags["secure-port"], metrics, healthy: () => true });
  informers.start(stopped.signal);
  const election = electionConfig(flags, `${os.hostname()}_${uuid(ports.random)}`);
  const elected = election
    ? contend(new LeaderElector({ ...ports, client }, election), stopped.signal, (term) => scheduler.lead(term))
    : undefined;
  if (!election) scheduler.lead(stopped.signal);
  return {
    async stop() {
      stopped.abort();
      server?.close();
      await elected;
      await recorder.flush();
      client.close();
    },
  };
});

/**
 * Leads whenever the lease is ours. Upstream's process ends when it loses the lease; we stop
 * placing pods and stand by again, since a restart would only wait out a back-off first.
 */
async function contend(elector: LeaderElector, signal: AbortSignal, lead: (term: AbortSignal) => void): Promise<void> {
  while ((await elector.run(signal, lead)) === "lost");
}

function servingPair(certFile: string, keyFile: string, { clock, random }: BasePorts): KeyPair {
  if (certFile && keyFile) return { cert: readFile(certFile), key: readFile(keyFile) };
  const env = { now_ms: clock.now(), random };
  const altNames = ["localhost", os.hostname(), "127.0.0.1"];
  return issue(createAuthority("kube-scheduler-ca", env), { subject: { commonName: os.hostname() }, altNames, usages: ["server"] }, env);
}
