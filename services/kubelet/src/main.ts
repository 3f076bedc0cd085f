#!/usr/bin/env node
import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { type ClientConfig, createClient, createInformerFactory, loadKubeconfig } from "@flotilla/client";
import { type BasePorts, type Flags, runMain } from "@flotilla/process";
import { createKubelet, type KubeletConfig } from "./assemble.ts";
import { bootstrap } from "./bootstrap/bootstrap.ts";
import { servingCertificate } from "./bootstrap/serving.ts";
import { connectRuntime } from "./cri/runtime.ts";
import { systemExec } from "./exec.ts";
import { KUBELET_FLAGS } from "./flags.ts";
import { firstAddress } from "./node/machine.ts";
import { parseTaint } from "./node/registration.ts";

type KubeletFlags = Flags<typeof KUBELET_FLAGS>;

const readFile = (path: string): string => readFileSync(path, "utf8");

async function configOf(flags: KubeletFlags, ports: BasePorts): Promise<KubeletConfig> {
  const nodeName = (flags["hostname-override"] || hostname()).toLowerCase();
  const nodeIP = flags["node-ip"] || firstAddress();
  const [certFile, keyFile] = [flags["tls-cert-file"], flags["tls-private-key-file"]];
  const pair =
    certFile && keyFile
      ? { cert: readFile(certFile), key: readFile(keyFile) }
      : await servingCertificate(ports, flags["cert-dir"], nodeName, nodeIP);
  return {
    nodeName,
    nodeIP,
    rootDirectory: flags["root-dir"],
    podLogsDirectory: flags["pod-logs-dir"],
    cniConfDirectory: flags["cni-conf-dir"],
    manifestPath: flags["pod-manifest-path"],
    clusterDNS: flags["cluster-dns"],
    clusterDomain: flags["cluster-domain"],
    resolvConf: flags["resolv-conf"],
    hostsFile: flags["hosts-file"],
    nodeLabels: flags["node-labels"],
    registerTaints: flags["register-with-taints"].map(parseTaint),
    registerNode: flags["register-node"],
    providerID: flags["provider-id"] || undefined,
    podCIDR: flags["pod-cidr"],
    maxPods: flags["max-pods"],
    nodeCapacity: flags["node-capacity"],
    systemReserved: flags["system-reserved"],
    nodeStatusFrequency_ms: flags["node-status-update-frequency"],
    leaseDuration_s: flags["node-lease-duration-seconds"],
    syncFrequency_ms: flags["sync-frequency"],
    fileCheckFrequency_ms: flags["file-check-frequency"],
    defaultRuntimeHandler: flags["default-runtime-handler"],
    server: {
      address: flags.address,
      port: flags.port,
      healthzAddress: flags["healthz-bind-address"],
      healthzPort: flags["healthz-port"],
      tls: { ...pair, clientCA: flags["client-ca-file"] ? readFile(flags["client-ca-file"]) : undefined },
    },
  };
}

await runMain("kubelet", "The kubelet runs the pods of one node.", KUBELET_FLAGS, async (flags, ports) => {
  const config = await configOf(flags, ports);
  const runtime = connectRuntime(flags["container-runtime-endpoint"], ports.clock);
  const connect = (client: ClientConfig) => createClient({ ...ports, readFile }, { ...client, userAgent: "kubelet" });
  const wantsApi = flags.kubeconfig !== "";
  if (wantsApi && !existsSync(flags.kubeconfig) && flags["bootstrap-kubeconfig"]) {
    const shutdown = new AbortController();
    process.once("SIGTERM", () => process.exit(0));
    const paths = { kubeconfig: flags.kubeconfig, certDirectory: flags["cert-dir"] };
    const access = loadKubeconfig(flags["bootstrap-kubeconfig"], readFile);
    await bootstrap({ ...ports, connect }, access, paths, config.nodeName, shutdown.signal);
  }
  const client = wantsApi ? connect(loadKubeconfig(flags.kubeconfig, readFile)) : undefined;
  const api = client && { client, informers: createInformerFactory({ ...ports, client }) };
  const kubelet = await createKubelet({ ...ports, runtime, exec: systemExec, api }, config);
  return {
    async stop() {
      await kubelet.stop();
      client?.close();
    },
  };
});
