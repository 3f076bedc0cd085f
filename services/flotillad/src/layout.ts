import { join } from "node:path";

/** Where everything of one cluster lies (ARCHITECTURE.md, "machine root"). */
export interface Layout {
  state: string;
  clusterFile: string;
  controlSocket: string;
  forwardSocket: string;
  dnsSocket: string;
  run: string;
  namespaces: string;
  pki: string;
  images: string;
  logs: string;
  adminKubeconfig: string;
  machine(name: string): MachineLayout;
}

export interface MachineLayout {
  root: string;
  kubernetes: string;
  manifests: string;
  pki: string;
  cniConf: string;
  etcdData: string;
  kubelet: string;
  cri: string;
  podLogs: string;
  logs: string;
  run: string;
  criSocket: string;
}

export function clusterLayout(state: string): Layout {
  const run = join(state, "run");
  return {
    state,
    clusterFile: join(state, "cluster.json"),
    controlSocket: join(run, "control.sock"),
    forwardSocket: join(run, "forward.sock"),
    dnsSocket: join(run, "dns.sock"),
    run,
    namespaces: join(run, "ns"),
    pki: join(state, "pki"),
    images: join(state, "images"),
    logs: join(state, "logs"),
    adminKubeconfig: join(state, "admin.conf"),
    machine: (name) => machineLayout(join(state, "machines", name)),
  };
}

function machineLayout(root: string): MachineLayout {
  const kubernetes = join(root, "etc/kubernetes");
  return {
    root,
    kubernetes,
    manifests: join(kubernetes, "manifests"),
    pki: join(kubernetes, "pki"),
    cniConf: join(root, "etc/cni/net.d"),
    etcdData: join(root, "var/lib/etcd"),
    kubelet: join(root, "var/lib/kubelet"),
    cri: join(root, "var/lib/cri"),
    podLogs: join(root, "var/log/pods"),
    logs: join(root, "var/log"),
    run: join(root, "run"),
    criSocket: join(root, "run/cri.sock"),
  };
}

export function machineFolders(layout: MachineLayout): string[] {
  const { manifests, pki, cniConf, etcdData, kubelet, cri, podLogs, run } = layout;
  return [manifests, join(pki, "etcd"), cniConf, etcdData, join(kubelet, "pki"), cri, podLogs, run];
}
