import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "@flotilla/base";
import type { ApiClient } from "@flotilla/client";
import { componentImage } from "../images.ts";
import type { Install } from "../install.ts";
import type { Layout } from "../layout.ts";
import type { ClusterSpec } from "../spec.ts";
import { applyAddons } from "./apply.ts";

const DNS_REPLICAS = 2;

/** kube-proxy, DNS, runtime classes and the public facts of this cluster. */
export async function installAddons(
  client: ApiClient,
  clock: Clock,
  spec: ClusterSpec,
  layout: Layout,
  options: { install: Install; upstreamDns: string | undefined },
): Promise<void> {
  const facts = {
    machines: join(layout.state, "machines"),
    image: componentImage,
    dnsReplicas: Math.min(DNS_REPLICAS, spec.controlPlanes + spec.workers),
    installFolders: [dirname(options.install.node), options.install.dist],
    upstreamDns: options.upstreamDns,
  };
  const kubeconfig = clusterInfo(readFileSync(layout.adminKubeconfig, "utf8"), spec.loadBalancer);
  await applyAddons(client, clock, facts, { kubeconfig, config: JSON.stringify(spec) });
}

/** cluster-info is public: address and CA only. */
function clusterInfo(kubeconfig: string, loadBalancer: string): string {
  const ca = /certificate-authority-data: (\S+)/.exec(kubeconfig)?.[1] ?? "";
  return [
    "apiVersion: v1",
    "kind: Config",
    "clusters:",
    '- name: ""',
    "  cluster:",
    `    certificate-authority-data: ${ca}`,
    `    server: https://${loadBalancer}:6443`,
    "",
  ].join("\n");
}
