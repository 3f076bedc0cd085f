import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Event, Events, type Node, Nodes, type Pod, type PodSpec, Pods } from "@flotilla/api";
import { type Logger, seededRandom, silentLogger } from "@flotilla/base";
import { createInformerFactory } from "@flotilla/client";
import { FakeApiClient } from "@flotilla/client/fake/fake-client.ts";
import { systemClock } from "@flotilla/process";
import { createKubelet } from "../assemble.ts";
import type { KubeletConfig } from "../config.ts";
import type { Exec } from "../volumes/manager.ts";
import { FakeRuntime } from "./fake-runtime.ts";

export const NODE = "n1";

export interface HarnessOptions {
  config?: Partial<KubeletConfig>;
  runtime?: FakeRuntime;
  api?: FakeApiClient;
  root?: string;
  log?: Logger;
  exec?: Exec;
}

/** A whole kubelet on a runtime and an API server in memory, in real time. */
export async function startHarness(options: HarnessOptions = {}) {
  const root = options.root ?? mkdtempSync(join(tmpdir(), "kubelet-test-"));
  const runtime = options.runtime ?? new FakeRuntime();
  const api = options.api ?? new FakeApiClient(systemClock);
  const ports = { clock: systemClock, random: seededRandom(7), log: options.log ?? silentLogger };
  const commands: string[] = [];
  const recorded = async (command: string, args: string[]) => {
    commands.push([command, ...args].join(" "));
    return "";
  };
  const informers = createInformerFactory({ ...ports, client: api });
  const kubelet = await createKubelet(
    { ...ports, runtime, exec: options.exec ?? recorded, api: { client: api, informers } },
    { ...config(root), ...options.config },
  );
  return {
    root,
    runtime,
    api,
    kubelet,
    commands,
    pod: (name: string, namespace = "default") => api.all(Pods).find((p) => p.metadata.name === name && p.metadata.namespace === namespace),
    node: (): Node | undefined => api.all(Nodes).find((n) => n.metadata.name === NODE),
    events: (reason: string): Event[] => api.all(Events).filter((e) => e.reason === reason),
    async stop(keep = false) {
      await kubelet.stop();
      if (!keep) rmSync(root, { recursive: true, force: true });
    },
  };
}

function config(root: string): KubeletConfig {
  return {
    nodeName: NODE,
    nodeIP: "172.30.0.21",
    rootDirectory: join(root, "kubelet"),
    podLogsDirectory: join(root, "logs"),
    cniConfDirectory: join(root, "cni"),
    manifestPath: join(root, "manifests"),
    clusterDNS: ["10.96.0.10"],
    clusterDomain: "cluster.local",
    resolvConf: "/dev/null",
    hostsFile: "/dev/null",
    nodeLabels: { role: "worker" },
    registerTaints: [],
    registerNode: true,
    podCIDR: "",
    maxPods: 110,
    nodeCapacity: { cpu: "2", memory: "2Gi" },
    systemReserved: {},
    nodeStatusFrequency_ms: 1_000,
    leaseDuration_s: 40,
    syncFrequency_ms: 60_000,
    fileCheckFrequency_ms: 20_000,
    defaultRuntimeHandler: "",
    server: { address: "127.0.0.1", port: 0, healthzAddress: "127.0.0.1", healthzPort: 0 },
  };
}

/** A pod bound to this node, as the API server would have completed it. */
export function makePod(name: string, spec: Partial<PodSpec> = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", uid: `uid-${name}`, labels: { app: name } },
    spec: {
      nodeName: NODE,
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 5,
      containers: [{ name: "app", image: "app:v1", imagePullPolicy: "IfNotPresent" }],
      ...spec,
    } as PodSpec,
    status: { phase: "Pending" },
  };
}

/** Waits until `read` gives something that is true. @throws Error that says what it waited for. */
export async function eventually<T>(what: string, read: () => T, limit_ms = 5_000): Promise<NonNullable<T>> {
  const end = Date.now() + limit_ms;
  for (;;) {
    const value = read();
    if (value) return value as NonNullable<T>;
    if (Date.now() > end) throw new Error(`waited ${limit_ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
