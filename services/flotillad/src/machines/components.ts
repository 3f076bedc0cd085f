import { join } from "node:path";
import { componentEnv, type Install, nodeCommand } from "../install.ts";
import type { Layout, MachineLayout } from "../layout.ts";
import type { ProcessSpec } from "../processes/supervised.ts";
import { type ClusterSpec, DNS_ADDRESS, DNS_DOMAIN, type MachineSpec } from "../spec.ts";

/** Docker labels that tell whose container it is: what `kill` and `down` find them by. */
export const clusterLabel = (cluster: string): string => `flotilla.cluster=${cluster}`;
export const machineLabel = (machine: string): string => `flotilla.machine=${machine}`;

/** The folder below each cgroup hierarchy that holds the cluster's process containers. */
export const cgroupParent = (cluster: string): string => `flotilla-${cluster}`;

export interface MachineFacts {
  spec: ClusterSpec;
  machine: MachineSpec;
  layout: Layout;
  install: Install;
  cniBinDir: string;
  /** From the driver. */
  enter: () => string[];
}

export const runtimeOf = (spec: ClusterSpec, machine: MachineSpec): "docker" | "process" =>
  machine.role === "control-plane" ? "process" : spec.runtime;

/** The two processes a machine starts by itself: its container runtime and its kubelet. */
export function machineProcesses(facts: MachineFacts): ProcessSpec[] {
  const folder = facts.layout.machine(facts.machine.name);
  const adapter = runtimeOf(facts.spec, facts.machine) === "docker" ? "cri-docker" : "cri-process";
  return [
    process(facts, folder, adapter, runtimeArgs(facts, folder, adapter)),
    process(facts, folder, "kubelet", kubeletArgs(facts, folder)),
  ];
}

function process(facts: MachineFacts, folder: MachineLayout, component: string, args: string[]): ProcessSpec {
  return {
    component,
    argv: () => [...facts.enter(), ...nodeCommand(facts.install, component), ...args],
    env: componentEnv(facts.install),
    logFile: join(folder.logs, `${component}.log`),
    recordFile: join(folder.run, `${component}.json`),
  };
}

function runtimeArgs(facts: MachineFacts, folder: MachineLayout, adapter: string): string[] {
  const args = [
    `--listen=unix://${folder.criSocket}`,
    `--root-dir=${folder.cri}`,
    `--cni-conf-dir=${folder.cniConf}`,
    `--cni-bin-dir=${facts.cniBinDir}`,
    `--image-dir=${facts.layout.images}`,
    `--cgroup-parent=${cgroupParent(facts.spec.name)}`,
  ];
  if (adapter === "cri-process") return args;
  return [
    ...args,
    `--docker-endpoint=${facts.spec.dockerEndpoint}`,
    "--handlers=docker,process",
    "--default-handler=docker",
    `--labels=${clusterLabel(facts.spec.name)},${machineLabel(facts.machine.name)}`,
  ];
}

function kubeletArgs(facts: MachineFacts, folder: MachineLayout): string[] {
  const { machine, spec } = facts;
  const isControlPlane = machine.role === "control-plane";
  const role = isControlPlane ? "node-role.kubernetes.io/control-plane" : "node-role.kubernetes.io/worker";
  const pki = (name: string) => join(folder.kubelet, "pki", name);
  return [
    `--kubeconfig=${join(folder.kubernetes, "kubelet.conf")}`,
    `--hostname-override=${machine.name}`,
    `--node-ip=${machine.address}`,
    `--root-dir=${folder.kubelet}`,
    `--container-runtime-endpoint=unix://${folder.criSocket}`,
    `--pod-manifest-path=${folder.manifests}`,
    `--pod-logs-dir=${folder.podLogs}`,
    `--cni-conf-dir=${folder.cniConf}`,
    `--cluster-dns=${DNS_ADDRESS}`,
    `--cluster-domain=${DNS_DOMAIN}`,
    `--client-ca-file=${join(folder.pki, "ca.crt")}`,
    `--tls-cert-file=${pki("kubelet.crt")}`,
    `--tls-private-key-file=${pki("kubelet.key")}`,
    `--node-labels=${role}=`,
    ...(isControlPlane ? ["--register-with-taints=node-role.kubernetes.io/control-plane:NoSchedule"] : []),
    ...(spec.failover === "fast" ? ["--node-status-update-frequency=1s", "--node-lease-duration-seconds=4"] : []),
  ];
}
