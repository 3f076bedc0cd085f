import { readFileSync } from "node:fs";
import os from "node:os";
import { uuid } from "@flotilla/base";
import { createClient, electionConfig, loadKubeconfig } from "@flotilla/client";
import { createAuthority, issue, type KeyPair } from "@flotilla/pki";
import { type BasePorts, runMain } from "@flotilla/process";
import { createControllerManager } from "./assemble.ts";
import { configOf, FLAGS } from "./flags.ts";
import { serveSecure } from "./serving.ts";

const readFile = (path: string) => readFileSync(path, "utf8");

await runMain(
  "kube-controller-manager",
  "Runs the controllers that keep a cluster as its objects ask for.",
  FLAGS,
  async (flags, ports) => {
    const access = { ...loadKubeconfig(flags.kubeconfig, readFile), userAgent: "kube-controller-manager" };
    const client = createClient({ ...ports, readFile }, access);
    const manager = createControllerManager({ ...ports, client }, configOf(flags, readFile));
    const stopped = new AbortController();
    const port = flags["secure-port"];
    const pair = port === 0 ? undefined : servingPair(flags["tls-cert-file"], flags["tls-private-key-file"], ports);
    const server = pair && (await serveSecure({ ...pair, address: flags["bind-address"], port, metrics: manager.metrics }));
    const running = manager.run(stopped.signal, electionConfig(flags, `${os.hostname()}_${uuid(ports.random)}`));
    // Whoever lost the lease must not go on: its supervisor starts it anew, as upstream's does.
    void running.then((end) => {
      if (end === "lost") throw new Error("leaderelection lost");
    });
    return {
      async stop() {
        stopped.abort();
        server?.close();
        await running;
        await manager.flush();
        client.close();
      },
    };
  },
);

function servingPair(certFile: string, keyFile: string, { clock, random }: BasePorts): KeyPair {
  if (certFile && keyFile) return { cert: readFile(certFile), key: readFile(keyFile) };
  const env = { now_ms: clock.now(), random };
  const altNames = ["localhost", os.hostname(), "127.0.0.1"];
  const authority = createAuthority("kube-controller-manager-ca", env);
  return issue(authority, { subject: { commonName: os.hostname() }, altNames, usages: ["server"] }, env);
}
