import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type CertificateSigningRequest, CertificateSigningRequests } from "@flotilla/api";
import type { Clock } from "@flotilla/base";
import { type Logger, type Random, randomName, sleep } from "@flotilla/base";
import type { ApiClient, ClientConfig } from "@flotilla/client";
import { createCsr, kubeconfigYaml } from "@flotilla/pki";

const SIGNER = "kubernetes.io/kube-apiserver-client-kubelet";
const POLL_MS = 500;

export interface BootstrapPorts {
  clock: Clock;
  random: Random;
  log: Logger;
  connect(config: ClientConfig): ApiClient;
}

/**
 * TLS bootstrap: with a bootstrap token's rights, asks for a client certificate
 * of our own, waits until it is signed, and writes the kubeconfig that uses it.
 * Does nothing when the kubeconfig is there. Tries until the API answers.
 */
export async function bootstrap(
  ports: BootstrapPorts,
  config: ClientConfig,
  paths: { kubeconfig: string; certDirectory: string },
  nodeName: string,
  signal: AbortSignal,
): Promise<void> {
  if (existsSync(paths.kubeconfig)) return;
  const client = ports.connect(config);
  try {
    const key = await ensureKey(paths.certDirectory, nodeName);
    while (!signal.aborted) {
      try {
        const cert = await requestCertificate(ports, client, key.csr, signal);
        if (cert) return await writeAccess(paths, config, nodeName, cert, key.key);
      } catch (error) {
        ports.log.warn("certificate not obtained", { error: (error as Error).message });
      }
      await sleep(ports.clock, POLL_MS, signal);
    }
  } finally {
    client.close();
  }
}

interface Pending {
  csr: string;
  key: string;
}

/** The same key after a restart, so that an approved request is still good. */
async function ensureKey(directory: string, nodeName: string): Promise<Pending> {
  const path = join(directory, "kubelet-client.pending.json");
  const known = await readFile(path, "utf8").catch(() => undefined);
  if (known) return JSON.parse(known) as Pending;
  const fresh = createCsr({ commonName: `system:node:${nodeName}`, organizations: ["system:nodes"] });
  await mkdir(directory, { recursive: true });
  await writeFile(path, JSON.stringify(fresh), { mode: 0o600 });
  return fresh;
}

async function requestCertificate(ports: BootstrapPorts, client: ApiClient, csr: string, signal: AbortSignal): Promise<string | undefined> {
  const request = {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name: `node-csr-${randomName(ports.random, 12)}` },
    spec: {
      request: Buffer.from(csr).toString("base64"),
      signerName: SIGNER,
      usages: ["digital signature", "client auth"],
    },
  } as CertificateSigningRequest;
  let current = await client.create(CertificateSigningRequests, request);
  ports.log.info("waiting for our certificate to be signed", { csr: current.metadata.name });
  while (!signal.aborted) {
    if (current.status?.certificate) return Buffer.from(current.status.certificate, "base64").toString("utf8");
    const refused = current.status?.conditions?.find((c) => c.type === "Denied" || c.type === "Failed");
    if (refused) throw new Error(`certificate signing request ${current.metadata.name} was refused: ${refused.message ?? refused.reason}`);
    await sleep(ports.clock, POLL_MS, signal);
    current = await client.get(CertificateSigningRequests, current.metadata.name!);
  }
  return undefined;
}

async function writeAccess(
  paths: { kubeconfig: string; certDirectory: string },
  config: ClientConfig,
  nodeName: string,
  cert: string,
  key: string,
): Promise<void> {
  const pem = join(paths.certDirectory, "kubelet-client-current.pem");
  await writeFile(pem, `${cert}${key}`, { mode: 0o600 });
  const text = kubeconfigYaml({
    clusterName: "default-cluster",
    server: config.server,
    caCert: config.tls.ca ?? "",
    user: `system:node:${nodeName}`,
    credentials: { certFile: pem, keyFile: pem },
    contextName: "default-context",
    grpcServers: config.grpcServers,
  });
  await mkdir(dirname(paths.kubeconfig), { recursive: true });
  await writeFile(`${paths.kubeconfig}.tmp`, text, { mode: 0o600 });
  await chmod(`${paths.kubeconfig}.tmp`, 0o600);
  await rename(`${paths.kubeconfig}.tmp`, paths.kubeconfig);
}
