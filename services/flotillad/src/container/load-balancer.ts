import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { sleep } from "@flotilla/base";
import { createClient, loadKubeconfig } from "@flotilla/client";
import type { Component } from "@flotilla/process";
import { installAddons } from "../addons/install.ts";
import { componentEnv, nodeCommand } from "../install.ts";
import { adminKubeconfig, loadAuthorities } from "../pki.ts";
import { Supervised } from "../processes/supervised.ts";
import { controlPlanesOf } from "../spec.ts";
import type { ContainerConfig, ContainerPorts } from "./machine.ts";

const API_PORT = 6443;
const RETRY_MS = 300;
const ALIVE_MS = 60_000;

/** The container that stands before the control planes: load balancer, kubeconfig for the host, add-ons. */
export async function createContainerBalancer(ports: ContainerPorts, config: ContainerConfig, kubeconfigOut: string): Promise<Component> {
  const { layout, install, spec } = config;
  const { clock, random } = ports;
  const env = { now_ms: clock.now(), random };
  for (const folder of [layout.run, layout.logs]) mkdirSync(folder, { recursive: true });
  const kubeconfig = adminKubeconfig(layout, spec, loadAuthorities(layout, env), env);
  if (kubeconfigOut) publish(kubeconfigOut, kubeconfig);
  const relay = new Supervised(
    {
      component: "relay",
      argv: () => [
        ...nodeCommand(install, "relay"),
        `--listen=0.0.0.0:${API_PORT}`,
        `--backends=${controlPlanesOf(spec)
          .map((m) => `${m.address}:6443`)
          .join(",")}`,
      ],
      env: componentEnv(install),
      logFile: join(layout.logs, "relay.log"),
      recordFile: join(layout.run, "relay.json"),
    },
    ports,
  );
  relay.start();
  const alive = clock.setInterval(() => {}, ALIVE_MS);
  const stopped = new AbortController();
  void addons(ports, config, stopped.signal);
  return {
    async stop() {
      alive.cancel();
      stopped.abort();
      await relay.stop(1000);
    },
  };
}

/** Until it has worked once: the control planes may start long after us. */
async function addons(ports: ContainerPorts, config: ContainerConfig, signal: AbortSignal): Promise<void> {
  const readFile = (path: string) => readFileSync(path, "utf8");
  // The kubeconfig's port is the host's; in here it is always the same.
  const access = { ...loadKubeconfig(config.layout.adminKubeconfig, readFile), server: `https://127.0.0.1:${API_PORT}` };
  const client = createClient({ ...ports, readFile }, access);
  while (!signal.aborted) {
    try {
      await installAddons(client, ports.clock, config.spec, config.layout, { install: config.install, upstreamDns: undefined });
      ports.log.info("add-ons applied");
      break;
    } catch (error) {
      ports.log.debug("add-ons not applied yet", { error });
      await sleep(ports.clock, RETRY_MS, signal);
    }
  }
  client.close();
}

function publish(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text, { mode: 0o644 });
  renameSync(`${file}.new`, file);
}
