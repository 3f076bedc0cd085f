import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  type ClusterAuthorities,
  createAuthority,
  createClusterAuthorities,
  type IssueEnv,
  issue,
  issueAdmin,
  issueControlPlane,
  issueFrontProxy,
  issueKubelet,
  type KeyPair,
  type KubeconfigOptions,
  kubeconfigYaml,
} from "@flotilla/pki";
import type { Layout, MachineLayout } from "./layout.ts";
import { API_SERVICE_ADDRESS, type ClusterSpec, controlPlanesOf, type MachineSpec } from "./spec.ts";

const SECRET = { mode: 0o600 };

/** The cluster's authorities from `<state>/pki`, made on the first call. */
export function loadAuthorities(layout: Layout, env: IssueEnv): ClusterAuthorities {
  const file = (name: string) => join(layout.pki, name);
  const known = madeOnce(file("authorities.json"), env, () => createClusterAuthorities(env));
  if (known.frontProxyCa) return known;
  // A cluster made before there was aggregation.
  return { ...known, frontProxyCa: madeOnce(file("front-proxy-ca.json"), env, () => createAuthority("front-proxy-ca", env)) };
}

function madeOnce<T>(file: string, env: IssueEnv, make: () => T): T {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const own = `${file}.${Buffer.from(env.random.bytes(8)).toString("hex")}`;
    writeFileSync(own, JSON.stringify(make()), SECRET);
    try {
      // Machines that share the folder may all get here at once: the first link wins, the others take its file.
      linkSync(own, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      rmSync(own);
    }
  }
  return JSON.parse(readFileSync(file, "utf8"));
}

export interface MachineAccess {
  spec: ClusterSpec;
  machine: MachineSpec;
  layout: MachineLayout;
  authorities: ClusterAuthorities;
  env: IssueEnv;
}

/** Certificates and kubeconfigs of one machine, as kubeadm lays them out. Files that are there are kept. */
export function writeMachineAccess(access: MachineAccess): void {
  const { machine, layout, authorities, env } = access;
  const pki = (name: string) => join(layout.pki, name);
  if (existsSync(join(layout.kubernetes, "kubelet.conf"))) {
    if (machine.role === "control-plane" && !existsSync(pki("front-proxy-client.crt"))) writeFrontProxy(access);
    return;
  }
  writeFileSync(pki("ca.crt"), authorities.ca.cert);
  const kubelet = issueKubelet(authorities, machine, env);
  writePair(join(layout.kubelet, "pki/kubelet"), kubelet.serving);
  writePair(join(layout.kubelet, "pki/kubelet-client"), kubelet.client);
  const proxy = user(access, "system:kube-proxy");
  const dns = user(access, "system:kube-dns");
  writeConf(access, "kube-proxy.conf", "system:kube-proxy", proxy);
  writeConf(access, "dns.conf", "system:kube-dns", dns);
  if (machine.role === "control-plane") writeControlPlane(access);
  // Last: it marks the set as complete.
  writeConf(access, "kubelet.conf", `system:node:${machine.name}`, kubelet.client);
}

function writeControlPlane(access: MachineAccess): void {
  const { machine, layout, authorities, env } = access;
  const pki = (name: string) => join(layout.pki, name);
  const extra = [API_SERVICE_ADDRESS, access.spec.loadBalancer];
  const certs = issueControlPlane(authorities, { node: machine.name, address: machine.address, extra }, env);
  writeFileSync(pki("ca.key"), authorities.ca.key, SECRET);
  writeFileSync(pki("etcd/ca.crt"), authorities.etcdCa.cert);
  writeFileSync(pki("etcd/ca.key"), authorities.etcdCa.key, SECRET);
  writeFileSync(pki("sa.pub"), authorities.serviceAccount.publicPem);
  writeFileSync(pki("sa.key"), authorities.serviceAccount.privatePem, SECRET);
  writePair(pki("apiserver"), certs.apiserver);
  writePair(pki("apiserver-kubelet-client"), certs.apiserverKubeletClient);
  writePair(pki("apiserver-etcd-client"), certs.apiserverEtcdClient);
  writeFrontProxy(access);
  writePair(pki("etcd/server"), certs.etcdServer);
  writePair(pki("etcd/peer"), certs.etcdPeer);
  writePair(pki("etcd/healthcheck-client"), certs.etcdHealthcheckClient);
  writeConf(access, "scheduler.conf", "system:kube-scheduler", certs.scheduler);
  writeConf(access, "controller-manager.conf", "system:kube-controller-manager", certs.controllerManager);
  writeConf(access, "admin.conf", "kubernetes-admin", issueAdmin(authorities, env));
}

function writeFrontProxy({ layout, authorities, env }: MachineAccess): void {
  writeFileSync(join(layout.pki, "front-proxy-ca.crt"), authorities.frontProxyCa.cert);
  writePair(join(layout.pki, "front-proxy-client"), issueFrontProxy(authorities, env));
}

function user(access: MachineAccess, commonName: string): KeyPair {
  return issue(access.authorities.ca, { subject: { commonName }, usages: ["client"] }, access.env);
}

function writePair(base: string, pair: KeyPair): void {
  writeFileSync(`${base}.crt`, pair.cert);
  writeFileSync(`${base}.key`, pair.key, SECRET);
}

function writeConf(access: MachineAccess, name: string, userName: string, pair: KeyPair): void {
  const { spec, machine, layout, authorities } = access;
  const server = machine.role === "control-plane" ? `https://${machine.address}:6443` : `https://${spec.loadBalancer}:6443`;
  const options: KubeconfigOptions = {
    clusterName: spec.name,
    server,
    caCert: authorities.ca.cert,
    user: userName,
    credentials: pair,
    grpcServers: grpcServers(spec, machine),
  };
  writeFileSync(join(layout.kubernetes, name), kubeconfigYaml(options), SECRET);
}

/** A control plane asks its own API server first; workers begin at different ones, so that load spreads. */
function grpcServers(spec: ClusterSpec, machine: MachineSpec): string[] {
  const all = controlPlanesOf(spec);
  const own = all.findIndex((m) => m.name === machine.name);
  const first = own >= 0 ? own : Number(machine.address.split(".")[3]) % all.length;
  return [...all.slice(first), ...all.slice(0, first)].map((m) => `${m.address}:6444`);
}

/** The kubeconfig for people on the host: context `flotilla-<name>`. */
export function adminKubeconfig(layout: Layout, spec: ClusterSpec, authorities: ClusterAuthorities, env: IssueEnv): string {
  const file = join(layout.state, "admin.conf");
  const server = `https://127.0.0.1:${spec.apiPort}`;
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (before.includes(`server: ${server}\n`)) return before;
  const name = contextName(spec.name);
  const text = kubeconfigYaml({
    clusterName: name,
    server,
    caCert: authorities.ca.cert,
    user: name,
    contextName: name,
    credentials: issueAdmin(authorities, env),
  });
  writeFileSync(file, text, SECRET);
  return text;
}

export const contextName = (cluster: string): string => `flotilla-${cluster}`;
